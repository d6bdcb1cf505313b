"""Making and changing gifts, for staff and for the demo."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from catalog.draws.guard import check_gift_change
from catalog.gifts.models import Category, Gift, GiftVariant, Tag
from catalog.gifts.search import search_text
from catalog.gifts.windows import GiftStatus
from catalog.payment.configured import mall_currency
from catalog.stock.change import first_stock, open_item
from catalog.wording import wording
from mall import audit
from mall.db import cursor, must_get
from mall.errors import Conflict, Invalid
from mall.ids import new_id

FIELDS = (
    "code", "status", "points", "category_id", "limits", "min_level", "visible_from", "on_sale_from", "on_sale_until",
    "needs_preparation", "needs_approval", "featured", "tag_ids", "cause_id",
    "low_pool",
)  # fmt: skip
"""What is stored as it is given; names and descriptions become texts by language."""


def create_gift(
    tx: Session, fields: Mapping[str, Any], actor: str, now: datetime, request_id: str | None = None
) -> Gift:
    """Make a gift from ``kind``, ``name``, ``points`` and whatever else of the fields is given.

    Absent dates mean visible and on sale now, absent limits none; ``stock`` pieces are received at once; a donation
    without it has no limit.
    Raises Invalid naming the field, Conflict ``code_taken`` or ``voucher_stock``.
    """
    gift = Gift(
        id=new_id("gft"),
        kind=fields["kind"],
        status=GiftStatus.ACTIVE.value,
        description={},
        limits=[],
        needs_preparation=False,
        needs_approval=False,
        pictures=[],
        picture_texts={},
        tag_ids=[],
        featured=False,
        popularity=0,
        position=tx.execute(select(func.coalesce(func.max(Gift.position), 0) + 1)).scalar_one(),
        created_at=now,
    )
    _set(tx, gift, fields, now)
    tx.add(gift)
    flush_unique(tx)
    open_item(tx, gift.id, gift.id)
    audit.record(tx, actor, "gift.created", f"gift:{gift.id}", _told(fields), now, request_id)
    first_stock(tx, gift, gift.id, fields.get("stock"), actor, now)
    return gift


def change_gift(
    tx: Session,
    gift_id: str,
    fields: Mapping[str, Any],
    actor: str,
    now: datetime,
    request_id: str | None = None,
    *,
    seen: datetime | None = None,
) -> Gift:
    """Change the fields given, no others. ``seen``: when the gift the editor looked at was last changed.

    Raises NotFound, Invalid, Conflict ``code_taken``, ``draw_open`` for terms of an open draw, or ``gift_changed`` when
    somebody else was quicker.
    """
    gift = get_gift(tx, gift_id, lock=True)
    if seen is not None and gift.updated_at != seen:
        raise Conflict("gift_changed")
    _set(tx, gift, fields, now)
    flush_unique(tx)
    audit.record(tx, actor, "gift.changed", f"gift:{gift.id}", _told(fields), now, request_id)
    return gift


def get_gift(tx: Session, gift_id: str, *, lock: bool = False) -> Gift:
    """A gift as staff see it, drafts too. Raises NotFound."""
    return must_get(tx, Gift, gift_id, with_for_update=lock)


def _set(tx: Session, gift: Gift, fields: Mapping[str, Any], now: datetime) -> None:
    if gift.kind == "draw":
        check_gift_change(tx, gift, fields, now)
    for name in FIELDS:
        if name in fields:
            setattr(gift, name, fields[name])
    for name in ("name", "description"):
        if name in fields:
            setattr(gift, name, wording(fields[name]))
    gift.from_points, gift.to_points = _price_range(tx, gift)
    gift.updated_at = now
    _set_cash(gift, fields)
    if gift.on_sale_from and gift.on_sale_until and gift.on_sale_from >= gift.on_sale_until:
        raise Invalid({"on_sale_until": [_("Must be after the beginning of the sale.")]})
    with tx.no_autoflush:
        if gift.category_id is not None and tx.get(Category, gift.category_id) is None:
            raise Invalid({"category": [_("There is no such category.")]})
    if gift.cause_id is not None:
        _check_cause(tx, gift)
    with tx.no_autoflush:
        known = set(tx.scalars(select(Tag.id).where(Tag.id.in_(gift.tag_ids)))) if gift.tag_ids else set()
    if len(known) < len(gift.tag_ids):
        raise Invalid({"tags": [_("Name tags that exist, each once.")]})
    refresh_search(tx, gift)
    periods = [limit["period"] for limit in gift.limits]
    if len(set(periods)) < len(periods):
        raise Invalid({"limits": [_("One limit for each period.")]})


def _check_cause(tx: Session, gift: Gift) -> None:
    if gift.kind != "donation":
        raise Invalid({"cause": [_("Only a donation goes to a cause.")]})
    with tx.no_autoflush:
        known = cursor(tx).execute("SELECT 1 FROM causes WHERE id = %s", (gift.cause_id,)).fetchone()
    if known is None:
        raise Invalid({"cause": [_("There is no such cause.")]})


def _set_cash(gift: Gift, fields: Mapping[str, Any]) -> None:
    """The cash part: ``{"amount", "currency"}`` in minor units, None for none. Raises Invalid."""
    if "cash" in fields:
        cash = fields["cash"] or {"amount": None, "currency": None}
        if cash["currency"] not in (None, mall_currency()):
            raise Invalid({"cash": [_("The mall takes %(currency)s.", currency=mall_currency())]})
        gift.cash_cents, gift.cash_currency = cash["amount"], cash["currency"]
    if gift.cash_cents is not None and gift.kind == "draw":
        raise Invalid({"cash": [_("A draw is entered with points alone.")]})


def refresh_search(tx: Session, gift: Gift) -> None:
    """Write the text by which a gift is found; call it after a change of its words or of the names of its tags."""
    with tx.no_autoflush:
        names = tx.scalars(select(Tag.name).where(Tag.id.in_(gift.tag_ids))).all() if gift.tag_ids else ()
    gift.search_text = search_text(gift.name, [*names, gift.description])


def _price_range(tx: Session, gift: Gift) -> tuple[int, int]:
    """The least and the most points that a piece of the gift costs."""
    own = func.coalesce(GiftVariant.points, gift.points)
    query = select(func.min(own), func.max(own)).where(GiftVariant.gift_id == gift.id, GiftVariant.active)
    with tx.no_autoflush:
        least, most = tx.execute(query).one()
    return (gift.points, gift.points) if least is None else (int(least), int(most))


def refresh_price(tx: Session, gift: Gift, now: datetime) -> None:
    """Write what follows from a gift's variants; call it after any change of them."""
    gift.from_points, gift.to_points = _price_range(tx, gift)
    gift.updated_at = now
    tx.flush()


def flush_unique(tx: Session) -> None:
    """Write what has changed. Raises Conflict ``code_taken`` when another row has the same ``code``."""
    try:
        tx.flush()
    except IntegrityError as error:
        raise Conflict("code_taken") from error


def _told(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The change as the audit trail keeps it."""
    return {key: value.isoformat() if isinstance(value, datetime) else value for key, value in fields.items()}
