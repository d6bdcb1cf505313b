"""Pure: every reason why an order would be refused, in the order in which they are told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from catalog.gifts.limits import Limit
from catalog.gifts.windows import GiftState, Window, state_of


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reason by its code, with the figures that its sentence needs."""

    code: str
    figures: dict[str, Any] = field(default_factory=dict)


def shop_refusals(
    window: Window, min_level: int | None, on_hand: int, quantity: int, level: int, now: datetime
) -> list[Refusal]:
    """What the gift itself refuses: outside its dates, a level too low, not enough in stock."""
    found = []
    state = state_of(window, 1, now)
    if state == GiftState.UPCOMING and window.on_sale_from is not None and now < window.on_sale_from:
        found.append(Refusal("not_on_sale", {"on_sale_from": window.on_sale_from}))
    elif state != GiftState.ON_SALE:
        found.append(Refusal("not_on_sale"))
    if min_level is not None and level < min_level:
        found.append(Refusal("not_eligible", {"min_level": min_level, "level": level}))
    if on_hand < quantity:
        found.append(Refusal("sold_out", {"left": on_hand}))
    return found


def cash_refusals(can_be_paid: bool) -> list[Refusal]:
    """What the cash part refuses: there is nobody to take it."""
    return [] if can_be_paid else [Refusal("payment_unavailable")]


def limit_refusals(limits: Sequence[Limit], used: Sequence[int], quantity: int) -> list[Refusal]:
    """The limits that ``quantity`` more would break. ``used``: pieces had in each limit's period."""
    return [
        Refusal(
            "limit_reached", {"period": limit.period, "quantity": limit.quantity, "left": max(0, limit.quantity - had)}
        )
        for limit, had in zip(limits, used, strict=True)
        if had + quantity > limit.quantity
    ]


def purse_refusals(points: int, available: int, debt: int) -> list[Refusal]:
    """What the member's points refuse."""
    found = [Refusal("in_debt", {"debt": debt})] if debt else []
    if available < points:
        found.append(Refusal("insufficient_points", {"missing": points - available}))
    return found


def most_possible(limits: Sequence[Limit], used: Sequence[int], on_hand: int, most: int) -> int:
    """The largest quantity that limits and stock allow, at least 1."""
    room = [limit.quantity - had for limit, had in zip(limits, used, strict=True)]
    return max(1, min([on_hand, most, *room]))
