"""Pure: streaks of check-ins and the week that shows them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

CYCLE = 7
"""A streak is paid in rounds of seven days: every seventh day is a day 7."""


@dataclass(frozen=True, slots=True)
class WeekDay:
    """A day of the week as the home page shows it. ``state``: done, missed, frozen, today or upcoming."""

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


def follows(before: date, day: date, frozen: Collection[date]) -> bool:
    """Whether ``day`` goes on with the streak of a check-in ``before``: every day between is frozen."""
    between = (before + timedelta(days=ahead) for ahead in range(1, (day - before).days))
    return all(one in frozen for one in between)


def streaks_after(before: tuple[date, int] | None, days: Sequence[date], frozen: Collection[date]) -> dict[date, int]:
    """The streak of each of ``days`` (rising), the last check-in before them having been ``before`` (day, streak)."""
    found: dict[date, int] = {}
    last = before
    for day in days:
        streak = last[1] + 1 if last is not None and follows(last[0], day, frozen) else 1
        found[day] = streak
        last = (day, streak)
    return found


@dataclass(frozen=True, slots=True)
class Mended:
    """What a repaired day changes: the streaks of it and later days, and where the streak now reaches further.

    ``reached``: days whose number in a row neither the part before nor the part after had come to; so a
    milestone that was paid in one of the two parts is never paid again.
    """

    streaks: dict[date, int]
    reached: dict[date, int]


def mended(
    before: tuple[date, int] | None, day: date, later: Sequence[tuple[date, int]], frozen: Collection[date]
) -> Mended:
    """What it changes to repair ``day``; ``later``: check-ins after it, rising, with their streaks until now."""
    streaks = streaks_after(before, [day, *(one for one, _streak in later)], frozen)
    until_now = dict(later)
    joined = [day]
    for one, _streak in later:
        if streaks[one] != streaks[joined[-1]] + 1:
            break
        joined.append(one)
    apart = max(streaks[day] - 1, max((until_now[one] for one in joined[1:]), default=0))
    return Mended(streaks, {one: streaks[one] for one in joined if streaks[one] > apart})


def week_of(
    today: date,
    done: dict[date, tuple[int, int]],
    before: int,
    worth: Callable[[date, int], int],
    frozen: Collection[date] = (),
) -> Week:
    """The week of ``today`` from check-ins ``{day: (streak, points)}``.

    ``before``: the streak up to yesterday. ``worth(day, streak)``: what checking in would pay, for days to
    come, if none is missed. ``frozen``: days on which a missing check-in breaks no streak.
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
            days.append(WeekDay(day, offset + 1, 0, "frozen" if day in frozen else "missed"))
        else:
            ahead = (day - today).days + (0 if checked_in else 1)
            state = "today" if day == today else "upcoming"
            days.append(WeekDay(day, offset + 1, worth(day, reached + ahead), state))
    return Week(reached, checked_in, days[today.weekday()].points, days)
