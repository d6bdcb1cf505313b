"""Pure: what points are worth in money, by the owner's word."""

from __future__ import annotations

from typing import Any

from babel.numbers import get_currency_precision


def worth(points: int, points_per_unit: int | None, currency: str) -> dict[str, Any] | None:
    """``{"amount": minor units, "currency": …}``, rounded down; None while nobody said what a point is worth."""
    if points_per_unit is None:
        return None
    return {"amount": points * 10 ** get_currency_precision(currency) // points_per_unit, "currency": currency}
