"""Pure: what an order costs. Prices come from the gift, never from the caller."""

from __future__ import annotations

MAX_QUANTITY = 100
"""Most pieces in one order."""


def order_cash(unit_cents: int | None, quantity: int) -> int | None:
    """The cash of ``quantity`` pieces in minor units; None when there is none to pay."""
    return None if unit_cents is None else unit_cents * quantity


def order_points(unit_points: int, quantity: int) -> int:
    """The points of ``quantity`` pieces."""
    return unit_points * quantity
