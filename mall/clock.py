"""Pure: time as the mall counts it. Moments are aware and in UTC; days belong to the mall's own zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def now() -> datetime:
    """The present moment, aware, in UTC, to the microsecond."""
    return datetime.now(UTC)


def local_date(moment: datetime, zone: ZoneInfo) -> date:
    """The calendar day of ``moment`` in ``zone``."""
    return moment.astimezone(zone).date()


def hour_of(moment: datetime) -> datetime:
    """The beginning of the hour: what is told where the minute would say too much."""
    return moment.replace(minute=0, second=0, microsecond=0)


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of ``day`` in ``zone``, given in UTC."""
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


def day_end(day: date, zone: ZoneInfo) -> datetime:
    """The first moment after ``day`` in ``zone``, given in UTC; a window up to a day is half open."""
    return day_start(day + timedelta(days=1), zone)
