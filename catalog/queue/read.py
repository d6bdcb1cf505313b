"""Reading a waiting room: one statement by index, which thousands ask for every few seconds."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from catalog.queue.rules import RoomFacts, TicketFacts
from mall.db import cursor

SHOWN_AFTER_END = timedelta(hours=2)
"""How long a room that is over still says how it ended."""
_ROOM = """r.id, r.gift_id, r.item_id, r.opens_at, r.releases_at, r.turn_seconds, r.seed, r.drawn_at, r.last_place,
 r.called_place, r.ended, s.on_hand"""
_TICKET = "t.id, t.state, t.place, t.turn_until, t.order_id"
_LOOK = f"""SELECT {_ROOM}, {_TICKET} FROM queue_rooms AS r
 JOIN gifts AS g ON g.id = r.gift_id AND g.status <> 'draft' AND coalesce(g.visible_from <= %(now)s, true)
 JOIN stock_items AS s ON s.item_id = r.item_id
 LEFT JOIN queue_tickets AS t ON t.member_id = %(member)s AND t.room_id = r.id
 WHERE r.gift_id = %(gift)s AND coalesce(r.item_id = %(item)s, true) AND coalesce(r.ended_at > %(since)s, true)
 ORDER BY r.day DESC, (t.id IS NOT NULL) DESC, r.releases_at LIMIT 1"""
_IN_ROOM = f"""SELECT {_ROOM}, {_TICKET} FROM queue_rooms AS r JOIN stock_items AS s ON s.item_id = r.item_id
 LEFT JOIN queue_tickets AS t ON t.member_id = %(member)s AND t.room_id = r.id WHERE r.id = %(room)s"""
Found = tuple[RoomFacts, TicketFacts | None]


def find_room(tx: Session, gift_id: str, item_id: str | None, member_id: str | None, now: datetime) -> Found | None:
    """The room of a gift (of the item that is named) that is open or was lately, with the member's ticket."""
    values = {"gift": gift_id, "item": item_id, "member": member_id, "now": now, "since": now - SHOWN_AFTER_END}
    return _found(cursor(tx).execute(_LOOK, values).fetchone())


def look_in(tx: Session, room_id: str, member_id: str) -> Found:
    """A room, with the member's ticket."""
    found = _found(cursor(tx).execute(_IN_ROOM, {"room": room_id, "member": member_id}).fetchone())
    assert found is not None
    return found


def _found(row: Any) -> Found | None:
    if row is None:
        return None
    return RoomFacts(*row[:12]), None if row[12] is None else TicketFacts(*row[12:])
