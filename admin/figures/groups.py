"""Pure: a figure about few people tells about persons, so groups of fewer than 20 members are not told."""

from __future__ import annotations

SMALLEST_GROUP = 20
"""Members (design, section 7)."""


def told(members: int) -> int | None:
    """How many members a group has, None for one that is too small."""
    return members if members >= SMALLEST_GROUP else None


def share(part: int, whole: int) -> float | None:
    """``part`` of ``whole`` in percent to one decimal; None where either group is too small."""
    return round(part * 100 / whole, 1) if told(part) is not None and told(whole) is not None else None


def change(now: int | None, then: int | None) -> float | None:
    """By how many percent a figure grew, to one decimal; None where it cannot be said."""
    return round((now - then) * 100 / then, 1) if now is not None and then is not None and then > 0 else None
