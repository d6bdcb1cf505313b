"""Pure: how long until something begins or ends, as people say it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

UNITS = (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1)))


@dataclass(frozen=True, slots=True)
class TimeLeft:
    """``count`` whole units (``day``, ``hour``, ``minute``), the largest that fits; never less than a minute."""

    unit: str
    count: int


def time_until(moment: datetime | None, now: datetime) -> TimeLeft | None:
    """The time from ``now`` to ``moment``; None when that is over or there is no such moment."""
    if moment is None or moment <= now:
        return None
    left = moment - now
    for unit, length in UNITS:
        if left >= length:
            return TimeLeft(unit, left // length)
    return TimeLeft("minute", 1)
