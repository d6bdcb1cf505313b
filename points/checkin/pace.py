"""Pure: in how many days a member has the points that are still missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from points.checkin.streaks import CYCLE

SIMULATED = 10 * CYCLE
"""Check-ins that are counted one by one; after so many rounds their average tells the rest."""
LEAST_SPAN = 7
"""Days that a pace is taken over at least: one good day is no pace."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """``days`` until the points are there, ``by`` checking in daily (``check_in``) or as lately (``pace``)."""

    days: int
    by: str


def outlook_of(missing: int, earned: int, span: int, worth: Callable[[int], int]) -> Outlook | None:
    """When ``missing`` points will be there: at the pace of late, or by daily check-ins if those are quicker.

    ``earned``: points earned in the last ``span`` days. ``worth(n)``: what the n-th check-in from now pays, the first
    is 1. None when nothing is missing or neither ever gets there.
    """
    if missing <= 0:
        return None
    ways = [(by_pace(missing, earned, span), "pace"), (by_check_ins(missing, worth), "check_in")]
    known = [Outlook(days, by) for days, by in ways if days is not None]
    return min(known, key=lambda one: one.days, default=None)


def by_pace(missing: int, earned: int, span: int) -> int | None:
    """Days at a pace of ``earned`` points in ``span`` days; None when nothing was earned."""
    if earned <= 0:
        return None
    return -(-missing * max(span, LEAST_SPAN) // earned)


def by_check_ins(missing: int, worth: Callable[[int], int]) -> int | None:
    """Days in a row to check in; None when check-ins pay nothing."""
    total = 0
    for day in range(1, SIMULATED + 1):
        total += worth(day)
        if total >= missing:
            return day
    if total <= 0:
        return None
    return SIMULATED - (-(missing - total) * SIMULATED // total)
