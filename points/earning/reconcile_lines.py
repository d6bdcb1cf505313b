"""Pure: lines of a source's own list and of its comparison with what was booked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

MOST_LISTED = 5_000


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of the source's list. ``points``: what it expects the event to have moved, None for no opinion."""

    event_id: str
    points: int | None = None


@dataclass(frozen=True, slots=True)
class BookedEvent:
    """What the mall has. ``points`` is what stands: 0 once the event was reversed."""

    id: str
    event_id: str
    status: str
    points: int
    posted_at: datetime
    expected_points: int | None = None


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """A list compared. ``repeated``: ids that the list has more than once, counted once."""

    listed: int
    booked: list[BookedEvent]
    missing: list[str]
    differing: list[BookedEvent]
    repeated: list[str]
    unlisted: list[BookedEvent]
    unlisted_more: bool
