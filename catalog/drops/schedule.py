"""Pure: on which days and at what moment a drop releases its pieces, in the mall's own zone."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LOOKED_AHEAD = 400
"""Days; a drop whose next day is further off has none to speak of."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """``minute`` of the day; ``weekdays`` 1 to 7, none means every day; ``last_day`` None: without end."""

    minute: int
    weekdays: frozenset[int]
    first_day: date
    last_day: date | None

    def holds(self, day: date) -> bool:
        """Whether pieces are released on ``day``."""
        if day < self.first_day or (self.last_day is not None and day > self.last_day):
            return False
        return not self.weekdays or day.isoweekday() in self.weekdays

    def moment(self, day: date, zone: ZoneInfo) -> datetime:
        """When on ``day``, in UTC. A time that a change of the clocks skips is the moment of the change."""
        return datetime.combine(day, time(self.minute // 60, self.minute % 60), tzinfo=zone).astimezone(UTC)

    def next_after(self, now: datetime, zone: ZoneInfo, done: Collection[date] = ()) -> datetime | None:
        """The next release after ``now``; days in ``done`` have had theirs."""
        today = now.astimezone(zone).date()
        for ahead in range(LOOKED_AHEAD):
            day = today + timedelta(days=ahead)
            if self.holds(day) and day not in done and (moment := self.moment(day, zone)) > now:
                return moment
        return None

    def is_due(self, now: datetime, zone: ZoneInfo) -> date | None:
        """Today, if its moment has come. A day that was missed whole is not made up for."""
        today = now.astimezone(zone).date()
        return today if self.holds(today) and self.moment(today, zone) <= now else None
