"""Pure: when a gift can be seen and bought."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

GIFT_KINDS = ("delivery", "pickup", "voucher", "virtual", "donation", "draw")
COLLECTED_KINDS = frozenset({"pickup", "draw"})
"""Kinds that a member collects with a code; of a draw the winners do."""


class GiftStatus(StrEnum):
    """A draft is seen by staff alone; an archived gift is not sold again."""

    DRAFT = "draft"
    ACTIVE = "active"
    ARCHIVED = "archived"


class GiftState(StrEnum):
    """What a member sees of a gift."""

    ON_SALE = "on_sale"
    UPCOMING = "upcoming"
    ENDED = "ended"
    SOLD_OUT = "sold_out"


@dataclass(frozen=True, slots=True)
class Window:
    """When a gift is shown and sold; ends are not included, None is no bound.

    ``connected``: whoever tops up for a virtual gift is known, and cash can be paid where some is due. A draw can be
    entered once it is announced, and it is that which gives its gift an end.
    """

    kind: str
    status: str
    visible_from: datetime | None = None
    on_sale_from: datetime | None = None
    on_sale_until: datetime | None = None
    connected: bool = True


def is_visible(window: Window, now: datetime) -> bool:
    """Whether members may know of the gift."""
    return window.status != GiftStatus.DRAFT and (window.visible_from is None or window.visible_from <= now)


def state_of(window: Window, on_hand: int, now: datetime) -> GiftState:
    """The state of a visible gift with ``on_hand`` in stock."""
    over = window.on_sale_until is not None and window.on_sale_until <= now
    if over or window.status == GiftStatus.ARCHIVED:
        return GiftState.ENDED
    early = window.on_sale_from is not None and now < window.on_sale_from
    announced = window.kind != "draw" or window.on_sale_until is not None
    if early or not announced or not window.connected:
        return GiftState.UPCOMING
    return GiftState.ON_SALE if on_hand > 0 else GiftState.SOLD_OUT
