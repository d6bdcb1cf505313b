"""Pure: periods of caps, windows in which a rule is active, when points mature and when they expire.

All of it by the calendar of the mall's zone. A period is named by its first moment, in UTC.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from mall.clock import day_start

PERIODS = ("hour", "day", "week", "month", "total")
FIRST_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)
"""The start of the period ``total``, and the earliest moment an event may have occurred at."""
FOREVER = datetime(9000, 1, 1, tzinfo=UTC)
"""The expiry of points that do not expire; the API shows null."""


def period_start(period: str, moment: datetime, zone: ZoneInfo) -> datetime:
    """The first moment of the period that ``moment`` lies in; weeks begin on Monday."""
    if period == "total":
        return FIRST_MOMENT
    local = moment.astimezone(zone)
    if period == "hour":
        return local.replace(minute=0, second=0, microsecond=0).astimezone(UTC)
    day = local.date()
    if period == "week":
        day -= timedelta(days=day.weekday())
    elif period == "month":
        day = day.replace(day=1)
    return day_start(day, zone)


@dataclass(frozen=True, slots=True)
class Active:
    """When a rule pays: dates (both included), weekdays (Monday is 1), hours (from, up to)."""

    first_day: date | None = None
    last_day: date | None = None
    weekdays: frozenset[int] = frozenset()
    hours: tuple[tuple[int, int], ...] = ()

    def holds(self, local: datetime) -> bool:
        """Whether the rule pays for what happened at ``local``, a moment in the mall's zone."""
        day = local.date()
        if (self.first_day is not None and day < self.first_day) or (self.last_day is not None and day > self.last_day):
            return False
        if self.weekdays and day.isoweekday() not in self.weekdays:
            return False
        return not self.hours or any(start <= local.hour < end for start, end in self.hours)


@dataclass(frozen=True, slots=True)
class Pending:
    """How long points wait before they can be spent, counted from the booking."""

    kind: str = "none"
    days: int = 0

    def available_at(self, booked_at: datetime) -> datetime | None:
        """When points booked at ``booked_at`` can be spent; None while somebody has to confirm them."""
        if self.kind == "until_confirmed":
            return None
        return booked_at + timedelta(days=self.days) if self.kind == "days" else booked_at


@dataclass(frozen=True, slots=True)
class Expiry:
    """How long points last, counted from the booking: the first moment at which they are gone."""

    kind: str = "end_of_next_year"
    count: int = 0
    round_to: str = "none"

    def expires_at(self, booked_at: datetime, zone: ZoneInfo) -> datetime:
        """When points booked at ``booked_at`` expire, in UTC; ``FOREVER`` for never."""
        local = booked_at.astimezone(zone)
        if self.kind == "never":
            return FOREVER
        if self.kind == "end_of_next_year":
            return day_start(date(local.year + 2, 1, 1), zone)
        if self.kind == "days":
            end = local + timedelta(days=self.count)
        else:
            year, month = divmod(local.year * 12 + local.month - 1 + self.count, 12)
            day = min(local.day, calendar.monthrange(year, month + 1)[1])
            end = local.replace(year=year, month=month + 1, day=day)
        if self.round_to == "month":
            year, month = divmod(end.year * 12 + end.month, 12)
            return day_start(date(year, month + 1, 1), zone)
        if self.round_to == "year":
            return day_start(date(end.year + 1, 1, 1), zone)
        return end.astimezone(UTC)
