"""Keeping drops: staff make and change them, and fill their reserve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from catalog.drops.models import Drop
from catalog.drops.schedule import Schedule
from catalog.gifts.models import Gift, GiftVariant
from catalog.stock.change import find_item
from catalog.stock.models import StockItem
from mall import audit
from mall.db import must_get
from mall.errors import Conflict, Invalid, NotFound
from mall.http.pagination import decode_cursor, page_of
from mall.ids import new_id

MOST_OFFERED = 1000
"""Gifts and variants in the form of a new drop."""
CHANGEABLE = (
    "pieces", "minute", "weekdays", "first_day", "last_day", "withdraws", "reserve", "active", "waiting_minutes",
    "turn_seconds",
)  # fmt: skip


def schedule_of(drop: Drop) -> Schedule:
    """When a drop releases its pieces."""
    return Schedule(drop.minute, frozenset(drop.weekdays), drop.first_day, drop.last_day)


def create_drop(
    tx: Session,
    gift_id: str,
    variant_id: str | None,
    fields: dict[str, Any],
    actor: str,
    now: datetime,
    request_id: str,
) -> Drop:
    """Make a drop of a gift or variant. ``fields``: those of ``CHANGEABLE`` but ``active``.

    Raises NotFound, Conflict ``voucher_stock`` (codes are not counted out), ``drop_of_draw``,
    ``variant_exists``, ``drop_exists``, Invalid for days in the wrong order.
    """
    gift, item_id = find_item(tx, gift_id, variant_id)
    if gift.kind == "voucher":
        raise Conflict("voucher_stock")
    if gift.kind == "draw":
        raise Conflict("drop_of_draw")
    drop = Drop(id=new_id("drp"), gift_id=gift_id, item_id=item_id, active=True, created_at=now, **fields)
    _check_days(drop)
    _save(tx, drop)
    detail = {"drop": drop.id, "item": item_id, "pieces": drop.pieces, "reserve": drop.reserve}
    audit.record(tx, actor, "drop.created", f"gift:{gift_id}", detail, now, request_id)
    return drop


def change_drop(tx: Session, drop_id: str, changes: dict[str, Any], actor: str, now: datetime, request_id: str) -> Drop:
    """Change a drop; what was released stays released.

    ``changes``: of ``CHANGEABLE``; with another ``reserve`` also ``reserve_seen``, what it was when it was looked at:
    a release may have come meanwhile, and its pieces are not given out twice.
    Raises NotFound, Invalid, Conflict ``drop_exists``, ``drop_released``.
    """
    drop = locked_drop(tx, drop_id)
    changes = _reserve_as_seen(drop, changes)
    before = {name: getattr(drop, name) for name in changes}
    for name, value in changes.items():
        setattr(drop, name, value)
    _check_days(drop)
    _save(tx, drop)
    detail = {"drop": drop.id, "before": _plain(before), "after": _plain(changes)}
    audit.record(tx, actor, "drop.changed", f"gift:{drop.gift_id}", detail, now, request_id)
    return drop


def _reserve_as_seen(drop: Drop, changes: dict[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in changes.items() if name != "reserve_seen"}
    seen = changes.get("reserve_seen")
    if "reserve" not in rest:
        return rest
    if rest["reserve"] in (drop.reserve, seen):  # not touched: it stays as it is now
        return {name: value for name, value in rest.items() if name != "reserve"}
    if seen is None:
        raise Invalid({"reserve_seen": [_("Say what the reserve was: a release may have changed it.")]})
    if seen != drop.reserve:
        raise Conflict("drop_released", extra={"reserve": drop.reserve})
    return rest


def locked_drop(tx: Session, drop_id: str) -> Drop:
    """A drop as it is now, no release meanwhile. Raises NotFound."""
    found = select(Drop).where(Drop.id == drop_id).with_for_update().execution_options(populate_existing=True)
    drop = tx.execute(found).scalar_one_or_none()
    if drop is None:
        raise NotFound()
    return drop


def find_drop(tx: Session, drop_id: str) -> Drop:
    """A drop. Raises NotFound."""
    return must_get(tx, Drop, drop_id)


def drops_of(tx: Session, gift_id: str) -> list[Drop]:
    """A gift's drops, the newest first."""
    return list(tx.scalars(select(Drop).where(Drop.gift_id == gift_id).order_by(Drop.id.desc())))


@dataclass(frozen=True, slots=True)
class Listed:
    """A drop with what it is of: the gift's name and the variant's, if it is of one, and pieces on sale now."""

    drop: Drop
    gift_name: dict[str, str]
    variant_name: dict[str, str] | None
    on_hand: int


def drops_page(tx: Session, limit: int, cursor_text: str | None) -> dict[str, Any]:
    """Every gift's drops, the newest first."""
    query = _listed().order_by(Drop.id.desc())
    seen = decode_cursor(cursor_text, str)
    if seen is not None:
        query = query.where(Drop.id < seen[0])
    rows: Sequence[Any] = tx.execute(query.limit(limit + 1)).all()
    return page_of([Listed(*row) for row in rows], limit, lambda one: (one.drop.id,))


def listed_drop(tx: Session, drop_id: str) -> Listed:
    """A drop with what it is of. Raises NotFound."""
    row: Any = tx.execute(_listed().where(Drop.id == drop_id)).first()
    if row is None:
        raise NotFound()
    return Listed(*row)


def _listed() -> Any:
    return (
        select(Drop, Gift.name, GiftVariant.name, StockItem.on_hand)
        .join(Gift, Gift.id == Drop.gift_id)
        .join(StockItem, StockItem.item_id == Drop.item_id)
        .outerjoin(GiftVariant, GiftVariant.id == Drop.item_id)
    )


def items_to_drop(tx: Session) -> list[tuple[str, str | None, dict[str, str], dict[str, str] | None]]:
    """What a drop can be of: (gift, variant, name of the gift, name of the variant); codes are not counted out."""
    counted = (
        select(Gift.id, GiftVariant.id, Gift.name, GiftVariant.name)
        .outerjoin(GiftVariant, (GiftVariant.gift_id == Gift.id) & GiftVariant.active)
        .where(Gift.kind.not_in(("voucher", "draw")), Gift.status != "archived")
        .order_by(Gift.id.desc(), GiftVariant.id)
        .limit(MOST_OFFERED)
    )
    return [(row[0], row[1], row[2], row[3]) for row in tx.execute(counted)]


def active_drops(tx: Session, gift_id: str) -> list[Drop]:
    """A gift's drops that are running and have something left to release."""
    running = select(Drop).where(Drop.gift_id == gift_id, Drop.active, Drop.reserve > 0)
    return list(tx.scalars(running.order_by(Drop.id)))


def _check_days(drop: Drop) -> None:
    if drop.last_day is not None and drop.last_day < drop.first_day:
        raise Invalid({"last_day": [_("Lies before the first day.")]})


def _save(tx: Session, drop: Drop) -> None:
    try:
        with tx.begin_nested():
            tx.add(drop)
    except IntegrityError as error:
        raise Conflict("drop_exists") from error


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value if isinstance(value, int | list | None) else str(value) for name, value in values.items()}


@dataclass(frozen=True, slots=True)
class NextRelease:
    """The pieces of an item that come next, and when (UTC); ``opens_at``: when its waiting room opens, if any."""

    item_id: str
    pieces: int
    at: datetime
    opens_at: datetime | None = None


def next_releases(tx: Session, gift_id: str, now: datetime, zone: ZoneInfo) -> list[NextRelease]:
    """What a gift's running drops release next."""
    found = []
    for drop in active_drops(tx, gift_id):
        at = schedule_of(drop).next_after(now, zone)
        if at is not None:
            opens = None if drop.waiting_minutes is None else at - timedelta(minutes=drop.waiting_minutes)
            found.append(NextRelease(drop.item_id, min(drop.pieces, drop.reserve), at, opens))
    return sorted(found, key=lambda one: (one.at, one.item_id))
