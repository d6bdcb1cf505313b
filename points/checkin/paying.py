"""What check-ins and streaks pay, through the earning rules, and the cards that long streaks earn."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

import psycopg
from sqlalchemy.orm import Session

from mall.clock import local_date
from mall.db import cursor
from mall.ids import new_id
from points.checkin.streaks import streak_day
from points.earning.book_events import book_events, mall_zone
from points.earning.evaluate import RuleSet, dry_run
from points.earning.event_types import EventIn, EventSource, Facts, FactValue
from points.earning.rules import rule_set

CHECK_IN = EventSource("mall:check-in", internal=True, label="check_in")
STREAK = EventSource("mall:streak", internal=True, label="streak")
_EARN_CARD = """INSERT INTO make_up_cards (id, member_id, origin, earned_day, created_at)
 VALUES (%s, %s, 'streak', %s, %s) ON CONFLICT DO NOTHING"""


@dataclass(frozen=True, slots=True)
class Due:
    """A day of a member that may pay: the streak reached on it, and whether the day itself counts or only that."""

    day: date
    streak: int
    day_itself: bool = True
    again: bool = False
    """Whether the day had been checked in before, with a shorter streak: then it pays what it is worth more."""


def pay(tx: Session, member_id: str, due: Iterable[Due], now: datetime) -> dict[date, int]:
    """Book what days are worth by the rules in force on them; returns the points, by day."""
    zone, rules = mall_zone(), rule_set(cursor(tx))
    paid: dict[date, int] = {}
    for one in due:
        moment = now if one.day == local_date(now, zone) else _noon(one.day)
        events = []
        if one.day_itself:
            event_id = f"{member_id}/{one.day}" + (f"/{one.streak}" if one.again else "")
            events.append((CHECK_IN, "check.in", event_id, day_facts(one.streak)))
        if _milestone(rules, one.streak, moment):
            event_id = f"{member_id}/{one.day}/{one.streak}"
            events.append((STREAK, "streak.reached", event_id, {"streak": one.streak}))
        for source, kind, event_id, facts in events:
            event = EventIn(event_id, kind, member_id, moment, one.day.isoformat(), facts)
            outcome = book_events(tx, source, [event], now)[0]
            if outcome.error is not None:
                raise outcome.error
            paid[one.day] = paid.get(one.day, 0) + (int(outcome.body["points"]) if outcome.body else 0)
    return paid


def earn_cards(
    cur: psycopg.Cursor[tuple], member_id: str, reached: dict[date, int], every: int | None, now: datetime
) -> int:
    """Give a card for each day on which another ``every`` days in a row are full; returns how many."""
    days = [day for day, streak in reached.items() if every and streak % every == 0]
    return sum(cur.execute(_EARN_CARD, (new_id("muc"), member_id, day, now)).rowcount for day in days)


def day_facts(streak: int) -> dict[str, FactValue]:
    """The facts of a check-in with this streak."""
    return {"streak": streak, "streak_day": streak_day(streak)}


def worth_of_check_ins(tx: Session) -> Callable[[date, int], int]:
    """``worth(day, streak)``: what the published rules would pay for a check-in, its milestone included."""
    rules = rule_set(cursor(tx))

    def worth(day: date, streak: int) -> int:
        noon = _noon(day)
        return _worth(rules, Facts("check.in", noon, day_facts(streak))) + _milestone(rules, streak, noon)

    return worth


def milestones(tx: Session) -> Callable[[date, int], int]:
    """``points(day, streak)``: what the published rules pay for a streak as such, besides the day."""
    rules = rule_set(cursor(tx))
    return lambda day, streak: _milestone(rules, streak, _noon(day))


def _milestone(rules: RuleSet, streak: int, moment: datetime) -> int:
    return _worth(rules, Facts("streak.reached", moment, {"streak": streak}))


def _worth(rules: RuleSet, facts: Facts) -> int:
    return sum(award.points for award in dry_run(rules, facts, mall_zone()))


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), tzinfo=mall_zone()).astimezone(UTC)
