"""Pure: when a limit's period began and ends, and when a blackout ends, by the calendar of the mall's zone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from catalog.gifts.limits import period_start
from mall.clock import day_end, day_start, local_date
from points.earning.periods import Active

PERIODS = ("hour", "day", "week", "month", "year", "total")
_HOUR = timedelta(hours=1)
_HOURS_OF_EIGHT_DAYS = 8 * 24


def window_start(period: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    """The first moment of the period around ``now``, in UTC; weeks begin on Monday; None for ``total``."""
    return _hour(now, zone) if period == "hour" else period_start(period, now, zone)


def window_end(period: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    """The first moment after the period around ``now``, in UTC; None for ``total``."""
    today = local_date(now, zone)
    if period == "total":
        return None
    if period == "hour":
        return _hour(now, zone) + _HOUR
    if period == "week":
        return day_start(today + timedelta(days=7 - today.weekday()), zone)
    if period == "month":
        return day_start((today.replace(day=1) + timedelta(days=32)).replace(day=1), zone)
    if period == "year":
        return day_start(date(today.year + 1, 1, 1), zone)
    return day_end(today, zone)


def active_of(terms: Mapping[str, Any]) -> Active:
    """Days (both included), weekdays and hours of a blackout from its stored form."""
    days = [date.fromisoformat(terms[name]) if terms.get(name) else None for name in ("first_day", "last_day")]
    hours = tuple((start, end) for start, end in terms.get("hours") or ())
    return Active(days[0], days[1], frozenset(terms.get("weekdays") or ()), hours)


def blackout_end(active: Active, now: datetime, zone: ZoneInfo) -> datetime | None:
    """The first moment after ``now`` that is not blacked out, in UTC; None when none is in sight."""
    if active.weekdays or active.hours:
        moment = _hour(now, zone)
        for _step in range(_HOURS_OF_EIGHT_DAYS):
            moment += _HOUR
            if not active.holds(moment.astimezone(zone)):
                return moment
    return None if active.last_day is None else day_end(active.last_day, zone)


def _hour(now: datetime, zone: ZoneInfo) -> datetime:
    return now.astimezone(zone).replace(minute=0, second=0, microsecond=0).astimezone(UTC)
