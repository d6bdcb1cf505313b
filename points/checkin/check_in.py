"""The daily check-in: once for each day of the mall's zone, paid by the rule for ``check.in``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from mall.clock import local_date
from mall.db import cursor
from mall.errors import Conflict
from points.checkin.models import CheckIn
from points.checkin.streaks import Week, streak_day, week_of
from points.earning.book_events import book_events, mall_zone
from points.earning.evaluate import dry_run
from points.earning.event_types import EventIn, EventSource, Facts
from points.earning.rules import rule_set

CHECK_IN = EventSource("mall:check-in", internal=True, label="check_in")
_ADD = """INSERT INTO check_ins (member_id, day, streak, points)
 SELECT %(member)s, %(day)s, 1 + coalesce((SELECT streak FROM check_ins
 WHERE member_id = %(member)s AND day = %(yesterday)s), 0), 0 ON CONFLICT DO NOTHING RETURNING streak"""
_PAID = "UPDATE check_ins SET points = %s WHERE member_id = %s AND day = %s"


@dataclass(frozen=True, slots=True)
class CheckedIn:
    """What a check-in paid, in points, and the streak it reached, in days."""

    points: int
    streak: int
    day: date


def check_in(tx: Session, member_id: str, now: datetime) -> CheckedIn:
    """Check a member in for today. Raises Conflict ``already_checked_in``."""
    cur = cursor(tx)
    today = local_date(now, mall_zone())
    values = {"member": member_id, "day": today, "yesterday": today - timedelta(days=1)}
    row = cur.execute(_ADD, values).fetchone()
    if row is None:
        raise Conflict("already_checked_in")
    streak = row[0]
    event = EventIn(
        f"{member_id}/{today}", "check.in", member_id, now, today.isoformat(),
        {"streak": streak, "streak_day": streak_day(streak)},
    )  # fmt: skip
    outcome = book_events(tx, CHECK_IN, [event], now)[0]
    if outcome.error is not None:
        raise outcome.error
    points = int(outcome.body["points"]) if outcome.body else 0
    cur.execute(_PAID, (points, member_id, today))
    return CheckedIn(points, streak, today)


def week(tx: Session, member_id: str, today: date) -> Week:
    """The week of ``today`` for the home page: what was paid, and what the days to come would pay."""
    first = today - timedelta(days=max(today.weekday(), 1))
    rows = tx.execute(
        select(CheckIn.day, CheckIn.streak, CheckIn.points).where(
            CheckIn.member_id == member_id, CheckIn.day >= first, CheckIn.day <= today
        )
    )
    done = {day: (streak, points) for day, streak, points in rows}
    before = done.get(today - timedelta(days=1), (0, 0))[0]
    return week_of(today, done, before, worth_of_check_ins(tx))


def streak_of(tx: Session, member_id: str, today: date) -> tuple[int, bool]:
    """The days in a row up to today, or up to yesterday before checking in; and whether that is done."""
    query = select(CheckIn.day, CheckIn.streak).where(
        CheckIn.member_id == member_id, CheckIn.day.in_((today, today - timedelta(days=1)))
    )
    days: dict[date, int] = dict(tx.execute(query).all())
    return days.get(today, days.get(today - timedelta(days=1), 0)), today in days


def worth_of_check_ins(tx: Session) -> Callable[[date, int], int]:
    """``worth(day, streak)``: what the published rules would pay for a check-in."""
    rules, zone = rule_set(cursor(tx)), mall_zone()

    def worth(day: date, streak: int) -> int:
        noon = datetime.combine(day, time(12), tzinfo=zone).astimezone(UTC)
        facts = Facts("check.in", noon, {"streak": streak, "streak_day": streak_day(streak)})
        return sum(award.points for award in dry_run(rules, facts, zone))

    return worth
