"""Curating: one change to many gifts with an outcome for each, and a gift made anew from another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import literal, select, tuple_
from sqlalchemy.orm import Session

from catalog.gifts.edit import FIELDS, change_gift, create_gift, get_gift
from catalog.gifts.models import Gift
from catalog.gifts.queries import on_hand_now
from catalog.gifts.variants import add_variant, change_variant, variants_of
from catalog.gifts.windows import GiftStatus
from catalog.stock.unlimited import is_unlimited
from mall import audit
from mall.errors import Invalid, MallError

MOST_AT_ONCE = 200
LEAST_PERCENT, MOST_PERCENT = -90, 400
NAME_MOST = 80
DRAW_DATES = ("on_sale_from", "on_sale_until")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one gift: ``error`` None when it was changed; nothing of a refused one is."""

    gift_id: str
    error: MallError | None


Change = Callable[[Gift], Mapping[str, Any]]


def set_fields(**fields: Any) -> Change:
    """The same for each: ``status``, ``category_id``."""
    return lambda gift: fields


def with_tag(tag_id: str) -> Change:
    """One more tag; who has it keeps it."""
    return lambda gift: {"tag_ids": [*gift.tag_ids, *([] if tag_id in gift.tag_ids else [tag_id])]}


def without_tag(tag_id: str) -> Change:
    """One tag less."""
    return lambda gift: {"tag_ids": [tag for tag in gift.tag_ids if tag != tag_id]}


def percent_of(points: int, percent: int) -> int:
    """A price changed by ``percent``, to the next whole point (half goes up), never under 1."""
    return max(1, (points * (100 + percent) + 50) // 100)


def repriced(percent: int) -> Change:
    """A price in points changed by ``percent``. Raises Invalid outside of −90 to 400, and for 0."""
    if not LEAST_PERCENT <= percent <= MOST_PERCENT or percent == 0:
        why = _("From %(least)s to %(most)s, not 0.", least=LEAST_PERCENT, most=MOST_PERCENT)
        raise Invalid({"percent": [why]})
    return lambda gift: {"points": percent_of(gift.points, percent)}


def change_many(
    tx: Session, gift_ids: Sequence[str], change: Change, actor: str, now: datetime, request_id: str
) -> list[Outcome]:
    """Change each gift by itself: what one is refused for does not stop the others. A change of price reaches the
    variants that have a price of their own too.

    Raises Invalid when none or more than 200 are named.
    """
    wanted = sorted(set(gift_ids))  # one order of locks
    if not 0 < len(wanted) <= MOST_AT_ONCE:
        raise Invalid({"gifts": [_("Choose 1 to %(most)s gifts.", most=MOST_AT_ONCE)]})
    outcomes = []
    for gift_id in wanted:
        error = None
        point = tx.begin_nested()
        try:
            with point:
                _change_one(tx, gift_id, change, actor, now, request_id)
        except MallError as refused:
            error = refused
        outcomes.append(Outcome(gift_id, error))
    return outcomes


def _change_one(tx: Session, gift_id: str, change: Change, actor: str, now: datetime, request_id: str) -> None:
    gift = get_gift(tx, gift_id, lock=True)
    before, fields = gift.points, change(gift)
    change_gift(tx, gift_id, fields, actor, now, request_id)
    if "points" not in fields or before == 0:
        return
    for variant in variants_of(tx, gift_id):
        if variant.points is not None:
            points = max(1, (variant.points * fields["points"] + before // 2) // before)
            change_variant(tx, gift_id, variant.id, {"points": points}, actor, now, request_id)


def move_gift(tx: Session, gift_id: str, *, up: bool, actor: str, now: datetime, request_id: str) -> bool:
    """Change places with the gift on offer before (``up``) or after it in the mall's own order; whether there is one.

    Raises NotFound.
    """
    gift = get_gift(tx, gift_id, lock=True)
    here, mine = tuple_(Gift.position, Gift.id), tuple_(literal(gift.position), literal(gift.id))
    near = select(Gift).where(Gift.status == GiftStatus.ACTIVE.value, here > mine if up else here < mine)
    keys = (Gift.position, Gift.id) if up else (Gift.position.desc(), Gift.id.desc())
    other = tx.scalars(near.order_by(*keys).limit(1).with_for_update()).first()
    if other is None:
        return False
    if other.position == gift.position:
        gift.position += 1 if up else -1
    else:
        gift.position, other.position = other.position, gift.position
    tx.flush()
    audit.record(tx, actor, "gift.moved", f"gift:{gift.id}", {"position": gift.position}, now, request_id)
    return True


def duplicate_gift(tx: Session, gift_id: str, actor: str, now: datetime, request_id: str) -> Gift:
    """A draft with the same words, terms, pictures and variants, without stock (but for a
    donation that has no limit), code or a provider of top-ups.

    Raises NotFound.
    """
    old = get_gift(tx, gift_id)
    fields = {name: getattr(old, name) for name in FIELDS if not (old.kind == "draw" and name in DRAW_DATES)}
    marked = {lang: f"{text[: NAME_MOST - 10]} {_COPY[lang]}" for lang, text in old.name.items()}
    cash = {"amount": old.cash_cents, "currency": old.cash_currency} if old.cash_cents is not None else None
    more = {"kind": old.kind, "name": marked, "description": old.description, "status": "draft", "code": None}
    first = None if is_unlimited(on_hand_now(tx, old.id)) else 0
    new = create_gift(tx, fields | more | {"cash": cash, "stock": first}, actor, now, request_id)
    new.pictures, new.picture_texts = list(old.pictures), dict(old.picture_texts)
    for variant in variants_of(tx, old.id):
        if variant.active:
            kept = {"name": variant.name, "points": variant.points, "stock": None if variant.stock is None else 0}
            add_variant(tx, new.id, kept, actor, now, request_id)
    tx.flush()
    return new


_COPY = {"zh": "（副本）", "en": "(copy)"}
