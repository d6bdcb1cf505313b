"""Variants of gifts (colours, sizes): making, changing and ordering them, each with a price and stock of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog.gifts.edit import get_gift, refresh_price
from catalog.gifts.models import Gift, GiftVariant
from catalog.stock.change import first_stock, open_item
from catalog.stock.models import StockItem
from catalog.stock.unlimited import counted
from catalog.wording import wording
from mall import audit
from mall.errors import Conflict, Invalid, NotFound
from mall.ids import new_id

MOST_VARIANTS = 50
"""Of one gift."""


@dataclass(frozen=True, slots=True)
class StaffVariant:
    """A variant with what is on hand of it. ``points``: its own price, None for the gift's;
    ``stock``: None has no limit."""

    id: str
    name: dict[str, str]
    points: int | None
    active: bool
    position: int
    stock: int | None


def variants_of(tx: Session, gift_id: str) -> list[StaffVariant]:
    """A gift's variants in their order, those taken off too. Raises NotFound."""
    get_gift(tx, gift_id)
    query = (
        select(GiftVariant, func.coalesce(StockItem.on_hand, 0))
        .outerjoin(StockItem, StockItem.item_id == GiftVariant.id)
        .where(GiftVariant.gift_id == gift_id)
        .order_by(GiftVariant.position, GiftVariant.id)
    )
    return [_seen(variant, on_hand) for variant, on_hand in tx.execute(query)]


def gifts_with_variants(tx: Session, gift_ids: Sequence[str]) -> set[str]:
    """Those of the gifts whose pieces are counted by variant."""
    found = select(GiftVariant.gift_id).where(GiftVariant.gift_id.in_(gift_ids), GiftVariant.active).distinct()
    return set(tx.scalars(found))


def _seen(row: GiftVariant, on_hand: int) -> StaffVariant:
    return StaffVariant(row.id, row.name, row.points, row.active, row.position, counted(on_hand))


def add_variant(
    tx: Session, gift_id: str, fields: Mapping[str, Any], actor: str, now: datetime, request_id: str | None = None
) -> StaffVariant:
    """Add a variant with ``name``, and ``points`` and ``stock`` if given, behind the others.

    Raises NotFound, Conflict ``too_many_variants``, ``draw_with_variants`` or ``voucher_stock``.
    """
    gift = get_gift(tx, gift_id, lock=True)
    if gift.kind == "draw":
        raise Conflict("draw_with_variants")
    count, last = tx.execute(
        select(func.count(), func.coalesce(func.max(GiftVariant.position), 0)).where(GiftVariant.gift_id == gift.id)
    ).one()
    if count >= MOST_VARIANTS:
        raise Conflict("too_many_variants", extra={"most": MOST_VARIANTS})
    variant = GiftVariant(
        id=new_id("var"),
        gift_id=gift.id,
        name=wording(fields["name"]),
        points=fields.get("points"),
        position=last + 1,
        active=True,
    )
    tx.add(variant)
    tx.flush()
    refresh_price(tx, gift, now)
    open_item(tx, gift.id, variant.id)
    audit.record(tx, actor, "gift.variant_added", f"gift:{gift.id}", {"variant": variant.id}, now, request_id)
    return _seen(variant, first_stock(tx, gift, variant.id, fields.get("stock"), actor, now))


def change_variant(
    tx: Session,
    gift_id: str,
    variant_id: str,
    fields: Mapping[str, Any],
    actor: str,
    now: datetime,
    request_id: str | None = None,
) -> StaffVariant:
    """Change ``name``, ``points`` (None: the gift's price) or ``active``, whichever is given. Raises NotFound.

    One that is taken off cannot be ordered any more; orders of it stay as they are.
    """
    gift = get_gift(tx, gift_id, lock=True)
    variant = tx.get(GiftVariant, variant_id)
    if variant is None or variant.gift_id != gift.id:
        raise NotFound()
    if "name" in fields:
        variant.name = wording(fields["name"])
    for name in ("points", "active"):
        if name in fields:
            setattr(variant, name, fields[name])
    tx.flush()
    refresh_price(tx, gift, now)
    told = {"variant": variant.id, **fields}
    audit.record(tx, actor, "gift.variant_changed", f"gift:{gift.id}", told, now, request_id)
    on_hand = tx.execute(select(StockItem.on_hand).where(StockItem.item_id == variant.id)).scalar_one_or_none()
    return _seen(variant, on_hand or 0)


def order_variants(
    tx: Session, gift_id: str, wanted: Sequence[str], actor: str, now: datetime, request_id: str | None = None
) -> Gift:
    """Put a gift's variants in order. Raises NotFound, Invalid unless each of them is named once."""
    gift = get_gift(tx, gift_id, lock=True)
    known = {row.id: row for row in tx.scalars(select(GiftVariant).where(GiftVariant.gift_id == gift.id))}
    if sorted(wanted) != sorted(known):
        raise Invalid({"variants": [_("Name every variant of this gift, each once.")]})
    for position, variant_id in enumerate(wanted, 1):
        known[variant_id].position = position
    gift.updated_at = now
    tx.flush()
    audit.record(tx, actor, "gift.variants_ordered", f"gift:{gift.id}", {"variants": list(wanted)}, now, request_id)
    return gift
