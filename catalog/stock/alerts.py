"""Telling staff that a gift runs low: once for each time it does, without touching the hot row of stock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from catalog.notices.for_staff import resolve, tell_staff
from catalog.stock.change import find_item
from catalog.stock.models import StockAlert
from mall import audit, outbox
from mall.db import cursor

TOPIC = "stock.low"
LOW_ITEM = "item.low"
_CROSSED = """UPDATE stock_alerts AS a SET low_since = CASE WHEN s.on_hand <= a.low_at THEN %(now)s END
 FROM stock_items AS s WHERE s.item_id = a.item_id AND (s.on_hand <= a.low_at) <> (a.low_since IS NOT NULL)
 RETURNING a.item_id, s.gift_id, a.low_since IS NOT NULL, s.on_hand, a.low_at"""
_LOW = """SELECT a.item_id, s.gift_id, g.name, v.name, s.on_hand, a.low_at, a.low_since
 FROM stock_alerts AS a JOIN stock_items AS s ON s.item_id = a.item_id JOIN gifts AS g ON g.id = s.gift_id
 LEFT JOIN gift_variants AS v ON v.id = a.item_id
 WHERE a.low_since IS NOT NULL AND g.status = 'active' ORDER BY a.low_since DESC, a.item_id"""


@dataclass(frozen=True, slots=True)
class LowItem:
    """An item with no more than ``low_at`` pieces since ``low_since``."""

    item_id: str
    gift_id: str
    gift_name: dict[str, str]
    variant_name: dict[str, str] | None
    on_hand: int
    low_at: int
    low_since: datetime


def set_alert(
    tx: Session, gift_id: str, variant_id: str | None, low_at: int | None, actor: str, now: datetime, request_id: str
) -> None:
    """Tell staff when an item has ``low_at`` pieces or fewer; None: no longer. Raises as ``find_item``."""
    _gift, item_id = find_item(tx, gift_id, variant_id)
    if low_at is None:
        tx.execute(delete(StockAlert).where(StockAlert.item_id == item_id))
        resolve(tx, LOW_ITEM, f"item:{item_id}", now)
    else:
        wanted = insert(StockAlert).values(item_id=item_id, low_at=low_at)
        tx.execute(wanted.on_conflict_do_update(index_elements=["item_id"], set_={"low_at": low_at}))
    detail = {"item": item_id, "low_at": low_at}
    audit.record(tx, actor, "stock.alert_set", f"gift:{gift_id}", detail, now, request_id)


def alert_of(tx: Session, item_id: str) -> int | None:
    """At how many pieces of an item staff are told; None: never."""
    return tx.scalars(select(StockAlert.low_at).where(StockAlert.item_id == item_id)).first()


def watch_stock(tx: Session, now: datetime) -> int:
    """Note what has run low since the last look, and what is no longer; how many ran low. Publishes ``stock.low``."""
    low = 0
    for item_id, gift_id, is_low, left, below in cursor(tx).execute(_CROSSED, {"now": now}).fetchall():
        if is_low:
            tell_staff(tx, LOW_ITEM, f"item:{item_id}", {"gift": gift_id, "left": left, "below": below}, now)
            outbox.publish(tx, TOPIC, {"item": item_id, "gift": gift_id, "at": now.isoformat()}, now)
            low += 1
        else:
            resolve(tx, LOW_ITEM, f"item:{item_id}", now)
    return low


def low_items(tx: Session) -> list[LowItem]:
    """What is low now, the latest first."""
    rows: list[Any] = cursor(tx).execute(_LOW).fetchall()
    return [LowItem(*row) for row in rows]
