"""Pure: streaks of check-ins and the week that shows them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

CYCLE = 7
"""A streak is paid in rounds of seven days: every seventh day is a day 7."""


@dataclass(frozen=True, slots=True)
class WeekDay:
    """A day of the week as the home page shows it. ``state``: done, missed, today or upcoming."""

    date: date
    weekday: int
    points: int
    state: str


@dataclass(frozen=True, slots=True)
class Week:
    """Monday to Sunday. ``streak`` counts the days in a row up to today, or up to yesterday before checking in."""

    streak: int
    checked_in: bool
    today_points: int
    days: list[WeekDay]


def streak_day(streak: int) -> int:
    """The day of a streak within its round, 1 to 7."""
    return (streak - 1) % CYCLE + 1


def week_of(today: date, done: dict[date, tuple[int, int]], before: int, worth: Callable[[date, int], int]) -> Week:
    """The week of ``today`` from check-ins ``{day: (streak, points)}``.

    ``before``: the streak up to yesterday. ``worth(day, streak)``: what checking in would pay, for days to
    come, if none is missed.
    """
    checked_in = today in done
    reached = done[today][0] if checked_in else before
    monday = today - timedelta(days=today.weekday())
    days = []
    for offset in range(CYCLE):
        day = monday + timedelta(days=offset)
        if day in done:
            days.append(WeekDay(day, offset + 1, done[day][1], "done"))
        elif day < today:
            days.append(WeekDay(day, offset + 1, 0, "missed"))
        else:
            ahead = (day - today).days + (0 if checked_in else 1)
            state = "today" if day == today else "upcoming"
            days.append(WeekDay(day, offset + 1, worth(day, reached + ahead), state))
    return Week(reached, checked_in, days[today.weekday()].points, days)
