"""Reminders of the check-in: for who asked, at the hour of choice, once a day, and not when it is done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from catalog.notices.remind import remind_of_check_ins
from mall.db import Login
from points.checkin.check_in import check_in
from points.checkin.reminders import forget_reminder, remind_at

MORNING = datetime(2026, 11, 24, 0, 30, tzinfo=UTC)
"""Half past eight in the mall's zone."""
EVENING = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
"""Eight in the evening."""


@pytest.fixture
def member(make_member):
    return make_member().id


@pytest.fixture
def at_hour(run, member):
    return lambda hour, now=MORNING: run(Login.EARNING, lambda tx: remind_at(tx, member, hour, now))


@pytest.fixture
def told(run):
    return lambda now: run(Login.BACKOFFICE, lambda tx: remind_of_check_ins(tx, now))[1]


def test_a_member_is_reminded_once_a_day_from_the_hour_on(run, at_hour, told, member):
    at_hour(20)
    assert [told(EVENING - timedelta(minutes=1)), told(EVENING), told(EVENING + timedelta(hours=1))] == [0, 1, 0]
    at_hour(21, EVENING)
    assert told(EVENING + timedelta(hours=1)) == 0
    assert told(EVENING + timedelta(days=1, hours=1)) == 1
    kinds = text("SELECT kind FROM notifications WHERE member_id = :id")
    assert run(Login.BACKOFFICE, lambda tx: tx.scalars(kinds, {"id": member}).all()) == ["check_in.reminder"] * 2


def test_who_has_checked_in_or_wants_none_is_left_in_peace(run, at_hour, told, member):
    at_hour(20)
    run(Login.EARNING, lambda tx: check_in(tx, member, MORNING))
    assert told(EVENING) == 0
    run(Login.EARNING, lambda tx: forget_reminder(tx, member))
    assert told(EVENING + timedelta(days=1)) == 0


def test_an_hour_that_has_passed_begins_tomorrow(at_hour, told):
    at_hour(8)
    assert told(EVENING) == 0
    assert told(MORNING + timedelta(days=1)) == 1


def test_neither_a_frozen_day_nor_a_suspended_member_is_reminded(run, at_hour, told, member):
    at_hour(20)
    freeze = text("INSERT INTO frozen_days VALUES ('2026-11-24', 'update', 'staff:stf_1', now())")
    run(Login.BACKOFFICE, lambda tx: tx.execute(freeze))
    assert told(EVENING) == 0
    suspend = text("UPDATE members SET status = 'suspended' WHERE id = :id")
    run(Login.OWNER, lambda tx: tx.execute(suspend, {"id": member}))
    assert told(EVENING + timedelta(days=1)) == 0
