"""In how many days the missing points will be there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mall.db import Login
from points.checkin.check_in import check_in
from points.checkin.outlook import outlook
from points.checkin.pace import Outlook, by_check_ins, by_pace, outlook_of
from points.ledger.books import open_books


def _charter(number: int) -> int:
    return 30 if number % 7 == 0 else 5


@pytest.mark.parametrize(("missing", "days"), [(1, 1), (5, 1), (6, 2), (30, 6), (31, 7), (60, 7), (61, 8), (600, 70)])
def test_check_ins_are_counted_one_by_one(missing, days):
    assert by_check_ins(missing, _charter) == days


@given(st.integers(1, 1_000_000))
def test_far_away_points_are_as_far_as_the_average_says(missing):
    found = by_check_ins(missing, lambda number: 8)
    assert found is not None and (found - 1) * 8 < missing <= found * 8


def test_what_never_comes_has_no_day():
    assert by_check_ins(5, lambda number: 0) is None
    assert by_pace(5, 0, 30) is None and by_pace(5, -3, 30) is None
    assert outlook_of(5, 0, 30, lambda number: 0) is None
    assert outlook_of(0, 100, 30, _charter) is None


@pytest.mark.parametrize(
    ("missing", "earned", "span", "days"),
    [(320, 300, 30, 32), (320, 301, 30, 32), (1, 300, 30, 1), (320, 700, 1, 4), (320, 700, 7, 4), (320, 700, 14, 7)],
)
def test_a_pace_is_taken_over_a_week_at_least(missing, earned, span, days):
    assert by_pace(missing, earned, span) == days


def test_the_quicker_way_is_told():
    assert outlook_of(60, 0, 1, _charter) == Outlook(7, "check_in")
    assert outlook_of(60, 3000, 30, _charter) == Outlook(1, "pace")
    assert outlook_of(60, 1, 30, _charter) == Outlook(7, "check_in")


def test_a_member_without_a_past_is_told_of_check_ins_by_the_published_rule(make_member, run, now):
    me = make_member()
    assert run(Login.EARNING, lambda tx: outlook(tx, me.id, 60, now)) == Outlook(7, "check_in")


def test_a_streak_goes_on_where_it_is(make_member, run):
    me, noon = make_member(), datetime.now(UTC).replace(hour=4, minute=0)
    for day in range(5, 0, -1):
        run(Login.EARNING, lambda tx, at=noon - timedelta(days=day): check_in(tx, me.id, at))
    # Five days in a row are done, and nothing else was earned: today is day 6, tomorrow pays 30.
    assert run(Login.EARNING, lambda tx: outlook(tx, me.id, 35, noon)) == Outlook(2, "check_in")
    run(Login.EARNING, lambda tx: check_in(tx, me.id, noon))
    assert run(Login.EARNING, lambda tx: outlook(tx, me.id, 30, noon)) == Outlook(1, "check_in")


def test_the_pace_of_late_counts_what_was_taken_back_and_forgets_what_is_long_ago(make_member, run, now):
    me = make_member()

    def book(days: int, points: int) -> None:
        at = now - timedelta(days=days)

        def work(tx):
            with open_books(tx, [me.id], at) as books:
                if points > 0:
                    books[me.id].credit(points, expires_at=now + timedelta(days=900), occurred_at=at)
                else:
                    books[me.id].clawback(-points, occurred_at=at)

        run(Login.EARNING, work)

    for days, points in ((90, 50_000), (29, 3100), (10, -100)):
        book(days, points)
    assert run(Login.EARNING, lambda tx: outlook(tx, me.id, 320, now)) == Outlook(4, "pace")
