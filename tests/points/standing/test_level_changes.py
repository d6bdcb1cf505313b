"""Levels move: at the thresholds staff set, down by the rolling window after a warning, and each move is told once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from mall.db import Login
from mall.jobs import run_job
from mall.outbox import deliver_due
from points.earning.book_events import book_events
from points.earning.event_types import EventIn, EventSource
from points.earning.versions import By
from points.standing.jobs import NAME
from points.standing.ladder import Fall, Ladder, Step, next_fall, threshold_faults, window_start
from points.standing.level_changes import refresh_levels
from points.standing.level_keeping import set_levels
from points.standing.levels import level_of

SHANGHAI = ZoneInfo("Asia/Shanghai")
INSIDE = EventSource("mall:test", internal=True)
START = datetime(2026, 1, 10, 4, 0, tzinfo=UTC)
WORDS = {"zh": "级", "en": "Step"}


def _steps(*froms: int) -> tuple[Step, ...]:
    return tuple(Step(points, WORDS, {}) for points in froms)


ROLLING = Ladder(_steps(0, 10, 20, 30, 40), "rolling", window_months=2, warn_days=10)


@pytest.fixture
def attend(run):
    """Books ``times`` activities of 10 public points each."""

    def book(member_id: str, times: int, at: datetime) -> None:
        events = [
            EventIn(f"{member_id}/{at}/{n}", "activity.attended", member_id, at, f"{at.date()}-{n}", {})
            for n in range(times)
        ]
        outcomes = run(Login.EARNING, lambda tx: book_events(tx, INSIDE, events, at))
        assert all(outcome.error is None for outcome in outcomes)

    return book


@pytest.fixture
def told(run, client):
    """What a member reads in the inbox, the oldest first, once messages are delivered."""

    def read(member) -> list[str]:
        deliver_due(START + timedelta(days=365))
        found = client.get("/api/v1/me/notifications", headers={**member.auth, "Accept-Language": "en"}).json["items"]
        return [notice["text"] for notice in reversed(found)]

    return read


def test_a_window_begins_on_the_same_day_or_the_months_last():
    assert window_start(date(2026, 3, 31), 1) == date(2026, 2, 28)
    assert window_start(date(2026, 1, 15), 1) == date(2025, 12, 15)
    assert window_start(date(2026, 11, 24), 12) == date(2025, 11, 24)


def test_a_fall_is_on_the_first_day_that_leaves_too_little():
    leaving = {date(2026, 1, 10): 20, date(2026, 1, 12): 5}
    assert next_fall(40, 20, leaving, date(2026, 3, 5), 2, 10) == Fall(date(2026, 3, 13), 5)
    assert next_fall(40, 21, leaving, date(2026, 3, 5), 2, 10) == Fall(date(2026, 3, 11), 1)
    assert next_fall(40, 21, leaving, date(2026, 3, 5), 2, 5) is None
    assert next_fall(45, 20, leaving, date(2026, 3, 5), 2, 10) is None


def test_thresholds_rise_from_nothing():
    assert threshold_faults([0, 1, 2, 3, 4]) == []
    assert threshold_faults([1, 1, 5, 5, 6]) == [0, 1, 3]


def test_a_rise_a_warning_and_a_fall_are_told_once_each(run, make_member, attend, told):
    member = make_member()
    run(Login.BACKOFFICE, lambda tx: set_levels(tx, ROLLING, By("staff:x", True, START)))
    attend(member.id, 2, START)
    attend(member.id, 1, START + timedelta(days=20))

    def day(ahead: int) -> int:
        at = START + timedelta(days=ahead)
        return run(Login.EARNING, lambda tx: refresh_levels(tx, [member.id], at, SHANGHAI))

    assert (day(20), day(21)) == (1, 0)
    assert run(Login.REDEMPTION, lambda tx: level_of(tx, member.id)) == 4
    assert told(member) == ["Level 4 reached: Step. Congratulations!"]
    # Points of 10 January count to 10 March: on the 11th they are gone.
    assert [day(ahead) for ahead in (48, 49, 50, 51, 59)] == [0, 0, 0, 0, 0]
    warning = "20 more points by 11 Mar 2026 keep you on level 4, Step."
    assert told(member)[1:] == [warning]
    assert (day(60), day(61)) == (1, 0)
    assert told(member)[2:] == ["You are on level 2 now: Step. New points bring you up again."]
    assert run(Login.REDEMPTION, lambda tx: level_of(tx, member.id)) == 2
    attend(member.id, 3, START + timedelta(days=61))
    assert run(Login.REDEMPTION, lambda tx: level_of(tx, member.id)) == 5


def test_without_a_window_nobody_comes_down_and_going_back_to_it_restores(run, make_member, attend):
    member, late = make_member(), START + timedelta(days=400)
    attend(member.id, 4, START)
    forever = Ladder(ROLLING.steps)
    run(Login.BACKOFFICE, lambda tx: set_levels(tx, forever, By("staff:x", True, START)))
    for wanted, level in (
        (None, 5),
        (Ladder(ROLLING.steps, "rolling", 2, 10, 1), 1),
        (Ladder(ROLLING.steps, version=2), 5),
    ):
        if wanted:
            run(Login.BACKOFFICE, lambda tx, wanted=wanted: set_levels(tx, wanted, By("staff:x", True, late)))
        run(Login.EARNING, lambda tx: refresh_levels(tx, [member.id], late, SHANGHAI))
        assert run(Login.REDEMPTION, lambda tx: level_of(tx, member.id)) == level


def test_the_job_looks_at_whoever_moved_and_at_everybody_under_new_levels(run, make_member, attend):
    now = datetime.now(UTC).replace(hour=4, minute=0)
    first, second = make_member(), make_member()
    assert run_job(NAME, now)["members"] == 2
    later = now + timedelta(minutes=5)
    attend(first.id, 10, later)
    assert run_job(NAME, later) == {"members": 1, "levels": 1, "badges": 0}
    assert run_job(NAME, later + timedelta(minutes=2)) == {
        "members": 1,
        "levels": 0,
        "badges": 0,
    }  # what may have been under way
    assert run_job(NAME, later + timedelta(minutes=4)) == {}
    by = By("staff:x", True, later + timedelta(minutes=6))
    run(Login.BACKOFFICE, lambda tx: set_levels(tx, Ladder(_steps(0, 5, 50, 101, 102)), by))
    assert run_job(NAME, later + timedelta(minutes=7)) == {"members": 2, "levels": 1, "badges": 0}
    levels = run(
        Login.BACKOFFICE, lambda tx: dict(tx.execute(text("SELECT member_id, level FROM member_levels")).all())
    )
    assert levels == {first.id: 3}
    assert second.id not in levels
