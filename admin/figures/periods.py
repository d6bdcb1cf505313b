"""Pure: periods of whole days that figures are asked for, and the one before each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

LAST_DAYS = {"7": 7, "28": 28, "90": 90}
PRESETS = (*LAST_DAYS, "month", "last-month")
DEFAULT = "28"
LONGEST = 366
"""Days of a period that somebody chooses."""
EARLIEST = date(2000, 1, 1)


class BadPeriod(ValueError):
    """The message is ``order``, ``length`` or ``range``."""


@dataclass(frozen=True, slots=True)
class Period:
    """From ``first`` to ``last``, both included."""

    first: date
    last: date

    @property
    def length(self) -> int:
        """Days."""
        return (self.last - self.first).days + 1

    def before(self) -> Period:
        """The period of the same length that ends the day before."""
        return Period(self.first - timedelta(days=self.length), self.first - timedelta(days=1))

    def days(self) -> list[date]:
        """Each of its days."""
        return [self.first + timedelta(days=place) for place in range(self.length)]


def preset(name: str, today: date) -> Period:
    """A period by its name (one of ``PRESETS``); the last days and this month end today."""
    if name in LAST_DAYS:
        return Period(today - timedelta(days=LAST_DAYS[name] - 1), today)
    month = today.replace(day=1)
    return Period(month, today) if name == "month" else month_of(month - timedelta(days=1))


def chosen(first: date, last: date, today: date) -> Period:
    """A period somebody chose. Raises BadPeriod when it is upside down, too long, or not of this mall's days."""
    if first > last:
        raise BadPeriod("order")
    if first < EARLIEST or last > today:
        raise BadPeriod("range")
    if (last - first).days >= LONGEST:
        raise BadPeriod("length")
    return Period(first, last)


def month_of(day: date) -> Period:
    """The calendar month of ``day``."""
    after = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return Period(day.replace(day=1), after - timedelta(days=1))


def week_of(day: date) -> Period:
    """The week of ``day``, from Monday."""
    monday = day - timedelta(days=day.weekday())
    return Period(monday, monday + timedelta(days=6))
