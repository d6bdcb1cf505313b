"""The daily check-in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from mall.db import Login
from mall.errors import Conflict
from points.checkin.check_in import check_in, week
from points.checkin.streaks import streak_day, week_of
from points.ledger.queries import balance

MORNING = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
"""Nine o'clock on a Monday in the mall's zone."""
MEMBER = "mem_test"


@pytest.fixture
def checking(run):
    return lambda now: run(Login.EARNING, lambda tx: check_in(tx, MEMBER, now))


def available(run, now):
    return run(Login.EARNING, lambda tx: balance(tx, MEMBER, now)).available


def test_checking_in_pays_five_points(run, checking):
    done = checking(MORNING)
    assert (done.points, done.streak, done.day) == (5, 1, date(2026, 11, 23))
    assert available(run, MORNING) == 5


def test_again_on_the_same_day_is_refused_and_pays_nothing(run, checking):
    checking(MORNING)
    with pytest.raises(Conflict) as refused:
        checking(MORNING + timedelta(hours=14, minutes=59))
    assert refused.value.code == "already_checked_in"
    assert available(run, MORNING) == 5


def test_the_day_turns_by_the_zone_of_the_mall(checking):
    checking(MORNING)
    assert checking(MORNING + timedelta(hours=15)).day == date(2026, 11, 24)


def test_day_seven_of_a_streak_pays_thirty(run, checking):
    paid = [checking(MORNING + timedelta(days=day)) for day in range(8)]
    assert [one.points for one in paid] == [5, 5, 5, 5, 5, 5, 30, 5]
    assert [one.streak for one in paid] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert available(run, MORNING + timedelta(days=8)) == 65


def test_a_missed_day_begins_a_new_streak(checking):
    checking(MORNING)
    checking(MORNING + timedelta(days=1))
    assert checking(MORNING + timedelta(days=3)).streak == 1


def test_check_ins_count_for_levels_and_name_themselves(run, checking):
    checking(MORNING)
    public = text("SELECT public_points FROM standings WHERE member_id = :id")
    assert run(Login.EARNING, lambda tx: tx.execute(public, {"id": MEMBER}).scalar()) == 5
    labels = text("SELECT DISTINCT label FROM ledger.postings WHERE member_id = :id")
    assert run(Login.EARNING, lambda tx: tx.execute(labels, {"id": MEMBER}).scalars().all()) == ["check_in"]


def test_the_week_shows_what_was_paid_and_what_is_to_come(run, checking):
    checking(MORNING)
    checking(MORNING + timedelta(days=2))
    today = date(2026, 11, 26)
    shown = run(Login.EARNING, lambda tx: week(tx, MEMBER, today))
    assert (shown.streak, shown.checked_in, shown.today_points) == (1, False, 5)
    assert [day.state for day in shown.days] == [
        "done", "missed", "done", "today", "upcoming", "upcoming", "upcoming",
    ]  # fmt: skip
    assert [day.points for day in shown.days] == [5, 0, 5, 5, 5, 5, 5]


def test_a_streak_reaches_over_the_weekend(run, checking):
    for day in range(7):
        checking(MORNING - timedelta(days=7 - day))
    shown = run(Login.EARNING, lambda tx: week(tx, MEMBER, date(2026, 11, 23)))
    assert (shown.streak, shown.checked_in) == (7, False)
    assert [day.points for day in shown.days] == [5, 5, 5, 5, 5, 5, 30]


def test_streaks_go_in_rounds_of_seven():
    assert [streak_day(streak) for streak in (1, 7, 8, 14, 15)] == [1, 7, 1, 7, 1]


def test_a_week_without_any_check_in():
    shown = week_of(date(2026, 11, 23), {}, 0, lambda day, streak: streak)
    assert [day.points for day in shown.days] == [1, 2, 3, 4, 5, 6, 7]
    assert shown.days[0].state == "today"
