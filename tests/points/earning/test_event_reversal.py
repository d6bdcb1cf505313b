"""Reversal: an event leaves its case."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mall.errors import NotFound

HOUR = timedelta(hours=1)


def test_a_case_takes_its_latest_remaining_stage(mall):
    mall.book(mall.tip("a", "adopted", mall.noon - HOUR), mall.tip("b", "solved"))
    done = mall.reverse("b")
    assert done.body["status"] == "reversed"
    assert (done.body["event_id"], done.body["points"], done.again) == ("b", -80, False)
    assert mall.balance().available == 20


def test_reversing_twice_gives_the_first_answer_and_changes_nothing(mall):
    mall.book(mall.tip("a", "solved"))
    first = mall.reverse("a")
    before = mall.snapshot()
    second = mall.reverse("a")
    assert second.again
    assert second.body == first.body == {**first.body, "points": -100}
    assert mall.snapshot() == before


def test_reversing_a_superseded_stage_changes_nothing(mall):
    mall.book(mall.tip("a", "adopted", mall.noon - HOUR), mall.tip("b", "solved"))
    assert mall.reverse("a").body["points"] == 0
    assert mall.balance().available == 100
    assert mall.reverse("b").body["points"] == -100
    assert mall.balance().available == 0


def test_an_event_can_be_named_by_the_malls_id(mall):
    (outcome,) = mall.book(mall.tip("a", "adopted"))
    assert mall.reverse(outcome.body["id"]).body["points"] == -20


def test_an_unknown_event_cannot_be_reversed(mall):
    mall.book(mall.tip("a", "adopted"))
    before = mall.snapshot()
    for name in ("b", "cev_00000000000000000000000000", "cev_x"):
        with pytest.raises(NotFound):
            mall.reverse(name)
    assert mall.snapshot() == before


def test_another_sources_event_cannot_be_reversed(mall):
    from points.earning.event_types import EventSource

    (outcome,) = mall.book(mall.tip("a", "adopted"), source=EventSource("cli_other"))
    with pytest.raises(NotFound):
        mall.reverse(outcome.body["id"])


def test_a_malicious_stage_taken_back_gives_the_penalty_back(mall):
    mall.book(mall.tip("a", "adopted", mall.noon - HOUR), mall.tip("b", "malicious"))
    assert mall.balance().debt == 50
    assert mall.reverse("b").body["points"] == 70
    assert (mall.balance().available, mall.balance().debt) == (20, 0)


def test_the_next_best_result_of_a_quiz_counts_again(mall):
    mall.book(mall.quiz("a", 60), mall.quiz("b", 100), mall.quiz("c", 80))
    assert mall.reverse("b").body["points"] == -10
    assert mall.balance().available == 20
    assert mall.public_points() == 20


def test_a_login_taken_back_makes_room_for_another_of_that_day(mall):
    mall.book(mall.event("a", "member.login"))
    assert mall.reverse("a").body["points"] == -1
    assert mall.points(mall.event("b", "member.login")) == [1]


def test_a_repeat_of_a_reversed_event_still_gets_its_first_answer(mall):
    (first,) = mall.book(mall.tip("a", "adopted"))
    mall.reverse("a")
    (again,) = mall.book(mall.tip("a", "adopted"))
    assert again.replayed
    assert again.body == first.body
    assert mall.balance().available == 0
