"""Pure: when a gift can be seen and bought."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

ORDERABLE_KINDS = frozenset({"delivery", "pickup", "voucher", "virtual", "donation"})
"""Kinds that can be ordered directly; ``draw`` is entered, not ordered."""
GIFT_KINDS = ("delivery", "pickup", "voucher", "virtual", "donation", "draw")


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

    ``connected``: whoever tops up for a virtual gift is known, and cash can be paid where some is due.
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
    if early or window.kind not in ORDERABLE_KINDS or not window.connected:
        return GiftState.UPCOMING
    return GiftState.ON_SALE if on_hand > 0 else GiftState.SOLD_OUT
