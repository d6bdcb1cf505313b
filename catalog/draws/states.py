"""Pure: how a draw stands, and what came of an entry.

upcoming ──► open ──► closed ──► listed (the entries are published) ──► drawn (the seed too) ──► settled
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

LIST_AFTER = timedelta(seconds=60)
"""The list is made so long after the end: an order that began in the last second has found its place by then."""
DRAWN_AFTER = timedelta(seconds=60)
"""So long anybody can fetch the list before the seed is known."""
NOT_DRAWN = "not_drawn"
ENTERED_LATE = "entered_late"
"""Reasons in an order's history, codes that pages put into words."""
RETURNED, KEPT = "returned", "kept"
NOT_CLAIMED = "not_claimed"
"""The reason of a prize whose winner has not said in time how it is to come."""
PICKUP, DELIVERY, EITHER = "pickup", "delivery", "either"
HANDOVERS = (PICKUP, DELIVERY, EITHER)
"""How winners get the prize: at the pickup point chosen when entering; sent; sent or collected, as they say."""
CLAIM_DAYS, MOST_CLAIM_DAYS = 14, 90
LOSERS = (RETURNED, KEPT)
"""What happens to the points of those who do not win."""


class DrawState(StrEnum):
    """How a draw stands."""

    UPCOMING = "upcoming"
    OPEN = "open"
    CLOSED = "closed"
    LISTED = "listed"
    DRAWN = "drawn"
    SETTLED = "settled"


class Outcome(StrEnum):
    """What came of an entry."""

    ENTERED = "entered"
    WON = "won"
    NOT_WON = "not_won"


def state_at(
    opens_at: datetime,
    closes_at: datetime,
    frozen_at: datetime | None,
    drawn_at: datetime | None,
    settled_at: datetime | None,
    now: datetime,
) -> DrawState:
    """The state of a draw; its end is not included."""
    if settled_at is not None:
        return DrawState.SETTLED
    if drawn_at is not None:
        return DrawState.DRAWN
    if frozen_at is not None:
        return DrawState.LISTED
    if now >= closes_at:
        return DrawState.CLOSED
    return DrawState.OPEN if now >= opens_at else DrawState.UPCOMING


def outcome_of(kind: str, steps: Iterable[tuple[str, str | None]]) -> Outcome | None:
    """What came of an order of a draw, from the statuses and reasons of its history; None: it was taken back."""
    if kind not in ("draw", "prize"):
        return None
    seen = list(steps)
    statuses = [status for status, _reason in seen]
    if NOT_DRAWN in (reason for _status, reason in seen):
        return Outcome.NOT_WON
    if "confirmed" in statuses:
        return Outcome.WON
    return Outcome.ENTERED if statuses[-1:] == ["placed"] else None
