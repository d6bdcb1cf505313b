"""Reading notices: codes become words in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.notices.models import Notification
from catalog.redemption.models import Order
from catalog.wording import in_language
from mall.http.pagination import decode_cursor, encode_cursor


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice in words."""

    id: str
    kind: str
    text: str
    order_id: str | None
    created_at: datetime


def notices_page(
    tx: Session, member_id: str, limit: int, cursor_text: str | None, language: str
) -> tuple[list[Notice], str | None]:
    """A page of a member's notices, newest first, and the cursor of the next."""
    query = (
        select(Notification, Order.gift_name)
        .outerjoin(Order, Order.id == Notification.order_id)
        .where(Notification.member_id == member_id)
        .order_by(Notification.id.desc())
    )
    seen = decode_cursor(cursor_text, str)
    if seen is not None:
        query = query.where(Notification.id < seen[0])
    rows = tx.execute(query.limit(limit + 1)).all()
    notices = [
        Notice(row.id, row.kind, _words(row.kind, in_language(name, language)), row.order_id, row.created_at)
        for row, name in rows[:limit]
    ]
    return notices, encode_cursor(notices[-1].id) if len(rows) > limit else None


def _words(kind: str, gift: str) -> str:
    sentences = {
        "order.placed": _("“%(gift)s”: we have your order and will confirm it soon.", gift=gift),
        "order.confirmed": _("“%(gift)s”: your order is confirmed.", gift=gift),
        "order.preparing": _("“%(gift)s” is being prepared.", gift=gift),
        "order.shipped": _("“%(gift)s” is on its way to you.", gift=gift),
        "order.ready_for_pickup": _("“%(gift)s” is ready for pickup.", gift=gift),
        "order.issued": _("“%(gift)s” is here.", gift=gift),
        "order.completed": _("“%(gift)s”: your order is completed.", gift=gift),
        "order.cancelled": _("“%(gift)s”: the order was cancelled and the points are back with you.", gift=gift),
        "order.expired": _("“%(gift)s”: the time for this order ran out and the points are back with you.", gift=gift),
        "order.returned": _("“%(gift)s” came back to us.", gift=gift),
        "order.refunded": _("“%(gift)s”: the points are back with you.", gift=gift),
    }
    return str(sentences.get(kind, gift))
