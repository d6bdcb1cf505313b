"""Booking: cases, the other kinds of events, batches."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

HOUR = timedelta(hours=1)


def test_an_adopted_tip_of_grade_2_is_worth_30_and_says_why(mall):
    (outcome,) = mall.book(mall.tip("a", "adopted", grade=2))
    assert outcome.body["status"] == "booked"
    assert outcome.body["points"] == 30
    (award,) = outcome.body["awards"]
    assert award == {
        "rule": "tip-outcome",
        "rule_version": 1,
        "points": 30,
        "available_at": "2026-11-23T04:00:00+00:00",
        "expires_at": "2027-12-31T16:00:00+00:00",
        "explanation": ["stage adopted: 20", "grade 2: × 1.5"],
    }
    assert mall.balance().available == 30


@pytest.mark.parametrize(
    ("stage", "grade", "share", "points"),
    [
        ("received", 0, 100, 2),
        ("received", 1, 100, 2),
        ("received", 5, 100, 6),
        ("adopted", 1, 100, 24),
        ("adopted", 5, 100, 60),
        ("solved", 0, 100, 100),
        ("solved", 1, 100, 120),
        ("solved", 3, 100, 200),
        ("solved", 4, 50, 125),
        ("received", 0, 25, 1),
        ("received", 0, 24, 0),
        ("adopted", 2, 33, 10),
        ("rejected", 5, 50, 0),
        ("overturned", 5, 50, 0),
        ("malicious", 5, 50, -50),
    ],
)
def test_a_case_is_worth_stage_times_grade_times_share_rounded_half_up_once(mall, stage, grade, share, points):
    assert mall.points(mall.tip("a", stage, grade=grade, share=share)) == [points]
    balance = mall.balance()
    assert balance.available - balance.debt == points


def test_each_stage_books_the_difference(mall):
    stages = ["received", "adopted", "solved", "overturned", "adopted", "malicious", "rejected"]
    events = [mall.tip(f"e{i}", stage, mall.noon - HOUR * (10 - i)) for i, stage in enumerate(stages)]
    assert mall.points(*events) == [2, 18, 80, -100, 20, -70, 50]
    assert (mall.balance().available, mall.balance().debt) == (0, 0)


def test_an_older_stage_is_recorded_and_changes_nothing(mall):
    mall.book(mall.tip("new", "adopted", mall.noon))
    (late,) = mall.book(mall.tip("old", "received", mall.noon - HOUR))
    assert late.body["status"] == "no_award"
    assert late.body["reason"] == "superseded"
    assert (late.body["points"], late.body["awards"]) == (0, [])
    assert mall.balance().available == 20


def test_of_two_stages_at_the_same_moment_the_one_that_came_last_counts(mall):
    assert mall.points(mall.tip("a", "solved"), mall.tip("b", "adopted")) == [100, -80]


def test_a_case_of_five_stages_each_sent_three_times_in_any_order_has_one_total(mall):
    stages = ["received", "adopted", "rejected", "adopted", "solved"]
    chance = random.Random(311)
    for number in range(12):
        member, case = f"m-{number}", f"case-{number}"
        events = [
            mall.tip(f"{case}/{i}", stage, mall.noon - HOUR * (9 - i), member=member, case=case, grade=1)
            for i, stage in enumerate(stages)
        ] * 3
        chance.shuffle(events)
        for start in range(0, len(events), 4):
            mall.book(*events[start : start + 4])
        assert mall.balance(member).available == 120


def test_a_malicious_case_becomes_debt_that_later_credits_repay_first(mall):
    assert mall.points(mall.tip("a", "malicious")) == [-50]
    assert (mall.balance().available, mall.balance().debt) == (0, 50)
    mall.book(mall.tip("b", "solved", case="tip-2"))
    assert (mall.balance().available, mall.balance().debt) == (50, 0)


def test_points_of_a_case_that_expired_unspent_count_as_taken(mall):
    mall.book(mall.tip("a", "solved"))
    later = mall.noon + timedelta(days=500)
    assert mall.balance(now=later).available == 0
    (outcome,) = mall.book(mall.tip("b", "malicious", later), now=later)
    assert outcome.body["points"] == -150
    assert mall.balance(now=later).debt == 50


def test_cases_of_other_members_and_sources_are_other_cases(mall):
    mall.book(mall.tip("a", "adopted"), mall.tip("b", "adopted", member="u-2"))
    from points.earning.event_types import EventSource

    other = EventSource("cli_other")
    (outcome,) = mall.book(mall.tip("a", "solved"), source=other)
    assert outcome.body["points"] == 100
    assert mall.balance("u-1").available == 20
    assert mall.balance("u-2").available == 20


def test_the_same_event_again_gets_its_first_answer(mall):
    event = mall.tip("a", "adopted", grade=2)
    (first,) = mall.book(event)
    mall.book(mall.tip("b", "solved"))
    before = mall.snapshot()
    (again,) = mall.book(event)
    assert again.replayed
    assert again.body == first.body
    assert mall.snapshot() == before


def test_the_same_id_with_other_content_is_refused_and_changes_nothing(mall):
    mall.book(mall.tip("a", "adopted"))
    before = mall.snapshot()
    for other in (
        mall.tip("a", "solved"),
        mall.tip("a", "adopted", grade=1),
        mall.tip("a", "adopted", share=99),
        mall.tip("a", "adopted", case="tip-2"),
        mall.tip("a", "adopted", member="u-9"),
        mall.tip("a", "adopted", mall.noon - HOUR),
    ):
        assert mall.points(other) == ["event_mismatch"]
    assert mall.snapshot() == before


def test_a_repeat_and_a_mismatch_within_one_batch_are_told_apart(mall):
    outcomes = mall.book(mall.tip("a", "adopted"), mall.tip("a", "adopted"), mall.tip("a", "solved"))
    assert [one.replayed for one in outcomes] == [False, True, False]
    assert outcomes[2].error.code == "event_mismatch"
    assert mall.balance().available == 20


def test_a_bad_item_does_not_keep_the_others_from_booking(mall):
    far = mall.noon + timedelta(minutes=11)
    assert mall.points(
        mall.tip("a", "received"),
        mall.tip("b", "solved", far, case="x"),
        mall.event("c", "points.credit", points=5, label="nonsense"),
        mall.event("d", "check.in", streak=1, streak_day=1),
        mall.tip("e", "adopted"),
    ) == [2, "invalid_fields", "invalid_fields", "invalid_fields", 18]
    assert mall.balance().available == 20


@pytest.mark.parametrize("minutes", [0, 10])
def test_a_clock_may_be_ten_minutes_ahead(mall, minutes):
    assert mall.points(mall.tip("a", "received", mall.noon + timedelta(minutes=minutes))) == [2]


def test_one_login_a_day_is_paid_by_the_day_of_the_mall(mall):
    late = mall.noon.replace(hour=15, minute=59)
    assert mall.points(
        mall.event("a", "member.login", late - HOUR * 10),
        mall.event("b", "member.login", late),
        mall.event("c", "member.login", late + timedelta(minutes=1)),
        now=late + HOUR,
    ) == [1, 0, 1]


def test_a_login_is_paid_once_whoever_reports_it(mall):
    from points.earning.event_types import EventSource

    mall.book(mall.event("a", "member.login"))
    member_id = mall.member_id()
    internal = EventSource("mall:test", internal=True)
    assert mall.points(mall.event("z", "member.login", member=member_id), source=internal) == [0]


def test_the_best_result_of_a_quiz_counts_and_is_paid_as_a_difference(mall):
    scores = [59, 60, 61, 80, 79, 100, 100]
    outcomes = mall.book(*[mall.quiz(f"e{i}", score) for i, score in enumerate(scores)])
    assert [one.body["points"] for one in outcomes] == [0, 10, 0, 10, 0, 10, 0]
    assert [one.body.get("reason") for one in outcomes] == [
        "no_points", None, "not_best", None, "not_best", None, "not_best",
    ]  # fmt: skip
    assert mall.points(mall.quiz("other", 100, quiz="q-2")) == [30]
    assert mall.balance().available == 60


def test_a_quiz_is_measured_exactly(mall):
    assert mall.points(mall.quiz("a", 599_999_999, 1_000_000_000)) == [0]
    assert mall.points(mall.quiz("b", 3, 5)) == [10]


def test_an_activity_is_paid_once(mall):
    assert mall.points(
        mall.event("a", "activity.attended", subject="run"),
        mall.event("b", "activity.attended", subject="run"),
        mall.event("c", "activity.attended", subject="walk"),
    ) == [10, 0, 10]


def test_explicit_credits_need_the_scope(mall):
    from points.earning.event_types import EventSource

    mall.book(mall.event("first", "member.login"))
    before = mall.snapshot()
    plain = EventSource("cli_test")
    assert mall.points(mall.event("a", "points.credit", points=5, label="bonus"), source=plain) == ["scope_missing"]
    assert mall.snapshot() == before
    assert mall.points(mall.event("a", "points.credit", points=5, label="bonus")) == [5]


def test_a_client_cannot_credit_more_than_its_daily_cap(mall):
    from points.earning.event_types import EventSource

    capped = EventSource("cli_test", may_credit=True, daily_cap_points=100)

    def credit(name: str, points: int):
        return mall.event(name, "points.credit", points=points, label="bonus")

    assert mall.points(credit("a", 60), credit("b", 41), credit("c", 40), source=capped) == [
        60, "daily_cap_reached", 40,
    ]  # fmt: skip
    before = mall.snapshot()
    assert mall.points(credit("d", 1), source=capped) == ["daily_cap_reached"]
    assert mall.snapshot() == before
    tomorrow = mall.noon + timedelta(days=1)
    assert mall.points(credit("d", 100), source=capped, now=tomorrow) == [100]


def test_only_points_that_may_be_seen_count_for_levels(mall):
    mall.book(
        mall.tip("a", "solved"),
        mall.quiz("b", 100),
        mall.event("c", "points.credit", points=9, label="bonus"),
    )
    assert mall.public_points() == 30


def test_the_ledger_learns_nothing_of_a_tip_but_an_award_id(mall):
    from sqlalchemy import text

    from mall.db import Login

    at = mall.noon - timedelta(days=3)
    mall.book(mall.tip("secret-event", "solved", at, case="secret-case", member="secret-member"))
    rows = mall.run(Login.EARNING, lambda tx: tx.execute(text("SELECT * FROM ledger.postings")).mappings().all())
    (row,) = rows
    assert row["label"] == "points"
    assert row["ref"] is None
    assert row["award_id"].startswith("awd_")
    assert row["occurred_at"] == mall.noon
    everything = str([mall.snapshot()])
    assert "secret" not in everything


def test_the_login_that_places_orders_cannot_read_sources(mall):
    from psycopg.errors import InsufficientPrivilege
    from sqlalchemy import text
    from sqlalchemy.exc import ProgrammingError

    from mall.db import Login

    for login in (Login.REDEMPTION, Login.BACKOFFICE):
        for name in ("credit_events", "cases", "awards", "source_members", "cap_usage", "claim_codes"):
            with pytest.raises(ProgrammingError) as refused:
                mall.run(login, lambda tx, name=name: tx.execute(text(f"SELECT 1 FROM sources.{name}")))
            assert isinstance(refused.value.orig, InsufficientPrivilege)
