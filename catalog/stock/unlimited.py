"""Pure: donations without a limit. Nothing is handed over, so there are no pieces to run out of.

Such an item has ``UNLIMITED`` pieces, far more than anybody can receive or order: whatever takes pieces, looks whether
there are some, or gives them back needs to know nothing of it, and the sum of the movements stays what is on hand. Who
shows a number asks ``counted`` first.
"""

from __future__ import annotations

UNLIMITED = 1_000_000_000
LEAST = UNLIMITED // 2
"""What is left of it after half a billion donations still has no limit."""
UNLIMITED_KINDS = frozenset({"donation"})


def is_unlimited(pieces: int) -> bool:
    """Whether so many on hand, or moved, stand for no limit."""
    return abs(pieces) >= LEAST


def counted(pieces: int) -> int | None:
    """The number to show; None: there is no limit."""
    return None if is_unlimited(pieces) else pieces
