"""Pure: how many of a gift a member may have, and in which stretch of time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from mall.clock import day_start, local_date

PERIODS = ("day", "week", "month", "year", "total")


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``quantity`` for each member in a ``period``."""

    period: str
    quantity: int


def limits_of(stored: Sequence[Mapping[str, Any]]) -> tuple[Limit, ...]:
    """The limits of a gift from their stored form."""
    return tuple(Limit(item["period"], item["quantity"]) for item in stored)


def period_start(period: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    """When the period around ``now`` began in the mall's zone, in UTC; weeks begin on Monday. None for ever."""
    today = local_date(now, zone)
    if period == "total":
        return None
    if period == "week":
        return day_start(today - timedelta(days=today.weekday()), zone)
    if period == "month":
        return day_start(today.replace(day=1), zone)
    if period == "year":
        return day_start(today.replace(month=1, day=1), zone)
    return day_start(today, zone)
