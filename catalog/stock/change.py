"""Receiving and correcting stock, with a history of every change."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from catalog.gifts.models import Gift, GiftVariant
from catalog.stock.models import StockItem, StockMovement
from catalog.stock.unlimited import UNLIMITED, UNLIMITED_KINDS, is_unlimited
from mall import audit
from mall.db import must_get
from mall.errors import Conflict, Invalid, NotFound
from mall.http.pagination import newest_first
from mall.ids import new_id

_CHANGE = """UPDATE stock_items SET on_hand = on_hand + :change
 WHERE item_id = :item AND on_hand + :change >= 0 RETURNING on_hand"""


def open_item(tx: Session, gift_id: str, item_id: str) -> None:
    """Begin to count a gift or variant, at nothing."""
    tx.add(StockItem(item_id=item_id, gift_id=gift_id, on_hand=0))
    tx.flush()


def first_stock(tx: Session, gift: Gift, item_id: str, pieces: int | None, actor: str, now: datetime) -> int:
    """The pieces that a new gift or variant begins with; what is on hand then. A donation of which no number is named
    (None) has no limit. Raises as ``change_stock``."""
    if pieces is None and gift.kind in UNLIMITED_KINDS:
        return move_stock(tx, item_id, UNLIMITED, "received", _("No limit"), actor, now)
    if not pieces:
        return 0
    variant_id = None if item_id == gift.id else item_id
    return change_stock(tx, gift.id, variant_id, pieces, _("First stock"), actor, now, kind="received")


def find_item(tx: Session, gift_id: str, variant_id: str | None) -> tuple[Gift, str]:
    """A gift and the item counted for it, or for its variant.

    Raises NotFound, Conflict ``variant_exists`` when variants of the gift are on offer and none is named.
    """
    gift = must_get(tx, Gift, gift_id)
    if variant_id is None:
        if (
            tx.execute(
                select(GiftVariant.id).where(GiftVariant.gift_id == gift_id, GiftVariant.active).limit(1)
            ).first()
            is not None
        ):
            raise Conflict("variant_exists")
        return gift, gift_id
    variant = tx.get(GiftVariant, variant_id)
    if variant is None or variant.gift_id != gift_id:
        raise NotFound()
    return gift, variant_id


def change_stock(
    tx: Session,
    gift_id: str,
    variant_id: str | None,
    change: int,
    reason: str | None,
    actor: str,
    now: datetime,
    *,
    kind: str | None = None,
    request_id: str | None = None,
) -> int:
    """Add ``change`` pieces (less than nothing takes away); returns what is on hand then.

    ``kind``: ``received`` or ``corrected``, by the sign when None. Of a donation without a limit ``change`` is the
    number there is from now on. Raises NotFound, Invalid for taking away from what has no limit, Conflict
    ``voucher_stock`` (its stock is its codes), ``variant_exists`` or ``stock_below_zero``.
    """
    gift, item_id = find_item(tx, gift_id, variant_id)
    if gift.kind == "voucher":
        raise Conflict("voucher_stock")
    if gift.kind in UNLIMITED_KINDS and is_unlimited(there := on_hand(tx, item_id)):
        if change < 0:
            raise Invalid({"change": [_("It has no limit: give the number there is from now on.")]})
        change, kind = change - there, "corrected"
    kind = kind or ("received" if change > 0 else "corrected")
    detail = {"change": change, "reason": reason, "item": item_id}
    audit.record(tx, actor, f"stock.{kind}", f"gift:{gift_id}", detail, now, request_id)
    return move_stock(tx, item_id, change, kind, reason, actor, now)


def move_stock(tx: Session, item_id: str, change: int, kind: str, reason: str | None, actor: str, now: datetime) -> int:
    """Write a movement and the new figure; returns it. Raises Conflict ``stock_below_zero``."""
    tx.add(
        StockMovement(id=new_id("mov"), item_id=item_id, kind=kind, change=change, reason=reason, actor=actor, at=now)
    )
    tx.flush()
    on_hand = tx.execute(text(_CHANGE), {"item": item_id, "change": change}).scalar_one_or_none()
    if on_hand is None:
        raise Conflict("stock_below_zero")
    return int(on_hand)


def on_hand(tx: Session, item_id: str) -> int:
    """Pieces of an item that can be ordered."""
    return int(tx.execute(select(StockItem.on_hand).where(StockItem.item_id == item_id)).scalar_one())


def movements_page(
    tx: Session, gift_id: str, variant_id: str | None, limit: int, cursor_text: str | None
) -> dict[str, Any]:
    """An item's movements, newest first. Raises NotFound, Conflict ``variant_exists``."""
    _, item_id = find_item(tx, gift_id, variant_id)
    of_item = select(StockMovement).where(StockMovement.item_id == item_id)
    return newest_first(tx, of_item, StockMovement.id, limit, cursor_text)
