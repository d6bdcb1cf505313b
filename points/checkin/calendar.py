"""A member's calendar of check-ins: a month, the streak, what it leads to, and the make-up cards at hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from mall.clock import local_date
from points.checkin.cards import unused_cards
from points.checkin.models import CheckIn, CheckInSettings
from points.checkin.months import Goal, MonthDay, goals_of, last_of, month_of
from points.checkin.paying import milestones, worth_of_check_ins
from points.checkin.records import frozen_days, settings_of, streak_of
from points.checkin.reminders import reminder_hour
from points.checkin.repair import joined_on, repairable_from
from points.earning.book_events import mall_zone


@dataclass(frozen=True, slots=True)
class Calendar:
    """A month as a member sees it, and where the streak stands today."""

    first: date
    today: date
    joined: date
    days: list[MonthDay]
    streak: int
    checked_in: bool
    today_points: int
    goals: list[Goal]
    cards: int
    settings: CheckInSettings
    reminder_hour: int | None
    missed: list[date]
    """Days that could be repaired now, the latest first, in whichever month."""


def calendar(tx: Session, member_id: str, first: date | None, now: datetime) -> Calendar:
    """The month that begins on ``first``, this month when None. Raises NotFound for an unknown member."""
    today = local_date(now, mall_zone())
    first = first or today.replace(day=1)
    settings, joined = settings_of(tx), joined_on(tx, member_id)
    oldest = repairable_from(today, joined, settings)
    since, until = min(first, oldest), max(last_of(first), today)
    rows = tx.execute(
        select(CheckIn.day, CheckIn.streak, CheckIn.points, CheckIn.repaired).where(
            CheckIn.member_id == member_id, CheckIn.day >= since, CheckIn.day <= until
        )
    )
    done = {day: (streak, points, repaired) for day, streak, points, repaired in rows}
    frozen = frozen_days(tx, since, until)
    streak, checked_in = streak_of(tx, member_id, today)
    worth, extra = worth_of_check_ins(tx), milestones(tx)
    today_points = done[today][1] if checked_in else worth(today, streak + 1)
    goals = goals_of(
        streak,
        lambda reached: worth(_on(today, streak, checked_in, reached), reached),
        lambda reached: extra(_on(today, streak, checked_in, reached), reached),
        settings.card_every_days,
    )
    back = (today - timedelta(days=number) for number in range(1, (today - oldest).days + 1))
    return Calendar(
        first=first,
        today=today,
        joined=joined,
        days=month_of(first, today, joined, done, frozen, oldest, today_points),
        streak=streak,
        checked_in=checked_in,
        today_points=today_points,
        goals=goals,
        cards=unused_cards(tx, member_id),
        settings=settings,
        reminder_hour=reminder_hour(tx, member_id),
        missed=[day for day in back if day not in done and day not in frozen],
    )


def _on(today: date, streak: int, checked_in: bool, reached: int) -> date:
    return today + timedelta(days=max(0, reached - streak - (0 if checked_in else 1)))
