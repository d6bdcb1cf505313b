"""The daily check-in: once for each day of the mall's zone, paid by the rules for ``check.in`` and streaks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from mall.clock import local_date
from mall.errors import Conflict
from points.checkin.models import CheckIn
from points.checkin.paying import Due, earn_cards, pay, worth_of_check_ins
from points.checkin.records import frozen_days, lock_records, streak_of
from points.checkin.streaks import Week, week_of
from points.earning.book_events import mall_zone

# The streak goes on from the last check-in when every day since is frozen.
_ADD = """INSERT INTO check_ins (member_id, day, streak, points)
 SELECT %(member)s, %(day)s, 1 + coalesce((SELECT streak FROM (SELECT day, streak FROM check_ins
   WHERE member_id = %(member)s AND day < %(day)s ORDER BY day DESC LIMIT 1) AS last
  WHERE %(day)s - last.day - 1 = (SELECT count(*) FROM frozen_days WHERE day > last.day AND day < %(day)s)), 0), 0
 ON CONFLICT DO NOTHING RETURNING streak, (SELECT card_every_days FROM check_in_settings)"""
_PAID = "UPDATE check_ins SET points = %s WHERE member_id = %s AND day = %s"


@dataclass(frozen=True, slots=True)
class CheckedIn:
    """What a check-in paid, in points, the streak it reached, in days, and how many make-up cards that earned."""

    points: int
    streak: int
    day: date
    cards: int = 0


def check_in(tx: Session, member_id: str, now: datetime) -> CheckedIn:
    """Check a member in for today. Raises Conflict ``already_checked_in``."""
    cur = lock_records(tx, member_id)
    today = local_date(now, mall_zone())
    row = cur.execute(_ADD, {"member": member_id, "day": today}).fetchone()
    if row is None:
        raise Conflict("already_checked_in")
    streak, every = row
    points = pay(tx, member_id, [Due(today, streak)], now).get(today, 0)
    cards = earn_cards(cur, member_id, {today: streak}, every, now)
    cur.execute(_PAID, (points, member_id, today))
    return CheckedIn(points, streak, today, cards)


def week(tx: Session, member_id: str, today: date) -> Week:
    """The week of ``today`` for the home page: what was paid, and what the days to come would pay."""
    monday = today - timedelta(days=today.weekday())
    rows = tx.execute(
        select(CheckIn.day, CheckIn.streak, CheckIn.points).where(
            CheckIn.member_id == member_id, CheckIn.day >= monday, CheckIn.day <= today
        )
    )
    done = {day: (streak, points) for day, streak, points in rows}
    before = 0 if today in done else streak_of(tx, member_id, today)[0]
    return week_of(today, done, before, worth_of_check_ins(tx), frozen_days(tx, monday, today))
