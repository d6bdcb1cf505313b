"""Pure: where an announcement is.

draft ──► scheduled ──► current ──► over, and from each of them ──► withdrawn
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum


class Phase(StrEnum):
    """Where an announcement is at a moment."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    CURRENT = "current"
    OVER = "over"
    WITHDRAWN = "withdrawn"


OPEN = frozenset({Phase.DRAFT, Phase.SCHEDULED})
"""Nobody has seen it, so it can be changed."""


def phase_at(state: str, from_at: datetime | None, until_at: datetime, now: datetime) -> Phase:
    """The phase of an announcement; its end is not included."""
    if state != "published" or from_at is None:
        return Phase.WITHDRAWN if state == "withdrawn" else Phase.DRAFT
    if now < from_at:
        return Phase.SCHEDULED
    return Phase.CURRENT if now < until_at else Phase.OVER
