"""Pure: a month of check-ins as its calendar shows it."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

FIRST_YEAR, LAST_YEAR = 2000, 2100
FAR = 400
"""Days ahead within which the goals of a streak are looked for."""
MOST_GOALS = 3


@dataclass(frozen=True, slots=True)
class MonthDay:
    """A day of the calendar. ``state``: done, repaired, frozen, missed, before (joining), today, upcoming.

    ``points``: what it paid, or for today what it would pay. ``streak``: the days in a row it reached, 0 without.
    """

    date: date
    state: str
    points: int
    streak: int
    repairable: bool

    @property
    def weekday(self) -> int:
        """Monday is 1."""
        return self.date.isoweekday()


@dataclass(frozen=True, slots=True)
class Goal:
    """A streak that pays more than an ordinary day: ``points`` on that day, ``card`` a make-up card as well."""

    streak: int
    days_left: int
    points: int
    card: bool


def read_month(text: str) -> date | None:
    """The first day of a month written ``2026-11``; None for anything else."""
    if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", text) or not FIRST_YEAR <= int(text[:4]) <= LAST_YEAR:
        return None
    return date(int(text[:4]), int(text[5:]), 1)


def last_of(first: date) -> date:
    """The last day of the month that begins on ``first``."""
    return first.replace(day=monthrange(first.year, first.month)[1])


def month_of(
    first: date,
    today: date,
    joined: date,
    done: Mapping[date, tuple[int, int, bool]],
    frozen: Collection[date],
    repair_from: date,
    today_points: int,
) -> list[MonthDay]:
    """The days of the month of ``first`` from check-ins ``{day: (streak, points, repaired)}``."""
    days = []
    for number in range((last_of(first) - first).days + 1):
        day = first + timedelta(days=number)
        if day in done:
            streak, points, repaired = done[day]
            days.append(MonthDay(day, "repaired" if repaired else "done", points, streak, False))
            continue
        if day == today:
            state = "today"
        elif day in frozen:
            state = "frozen"
        elif day > today:
            state = "upcoming"
        else:
            state = "before" if day < joined else "missed"
        repairable = state == "missed" and day >= repair_from
        days.append(MonthDay(day, state, today_points if state == "today" else 0, 0, repairable))
    return days


def goals_of(
    streak: int, worth: Callable[[int], int], milestone: Callable[[int], int], card_every: int | None
) -> list[Goal]:
    """What comes next for a streak: the next day that pays more than a first day, and the next milestones."""
    ordinary = worth(1)
    found: list[Goal] = []
    for ahead in range(1, FAR + 1):
        reached = streak + ahead
        card = card_every is not None and reached % card_every == 0
        if milestone(reached) > 0 or (not found and worth(reached) > ordinary):
            found.append(Goal(reached, ahead, worth(reached), card))
        if len(found) == MOST_GOALS:
            break
    return found
