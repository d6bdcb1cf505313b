"""Whether an order may be placed while a queue stands before its item, and using a turn for it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from catalog.queue.read import look_in
from catalog.queue.rules import OVER, TURN, standing
from catalog.redemption.eligibility import Refusal
from mall.db import cursor

_USE = """UPDATE queue_tickets SET state = 'used', order_id = %(order)s
 WHERE room_id = %(room)s AND member_id = %(member)s AND state = 'turn' AND turn_until > %(now)s RETURNING id"""


def queue_refusals(tx: Session, room_id: str | None, member_id: str, quantity: int, now: datetime) -> list[Refusal]:
    """What the queue before an item refuses; nothing, and no query, where there is none."""
    if room_id is None:
        return []
    here = standing(*look_in(tx, room_id, member_id), now)
    if here.phase == OVER:  # the stock itself says so
        return []
    if here.you != TURN:
        figures = {"you": here.you, "place": here.place, "ahead": here.ahead, "wait_seconds": here.wait_seconds}
        return [Refusal("queue_turn_needed", figures)]
    return [Refusal("queue_one_each")] if quantity > 1 else []


def use_turn(tx: Session, room_id: str, member_id: str, order_id: str, now: datetime) -> bool:
    """Use the member's open turn for an order; whether there was one. It is locked until the order stands."""
    values = {"room": room_id, "member": member_id, "order": order_id, "now": now}
    return cursor(tx).execute(_USE, values).fetchone() is not None
