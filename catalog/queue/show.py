"""What a waiting room shows: the room that is open or was lately, else the next one with when it opens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog.drops.keep import next_releases
from catalog.gifts.queries import find_shown
from catalog.queue.models import QueueRoom, QueueTicket
from catalog.queue.read import find_room
from catalog.queue.rules import (
    CLOSED,
    OUTSIDE,
    RoomFacts,
    Standing,
    TicketFacts,
    commitment,
    standing,
)
from mall.errors import NotFound
from mall.http.pagination import decode_cursor, newest_first, page_of


@dataclass(frozen=True, slots=True)
class Shown:
    """A waiting room as one member sees it; ``room`` None: it has not opened yet."""

    room: RoomFacts | None
    ticket: TicketFacts | None
    standing: Standing
    item_id: str
    opens_at: datetime
    releases_at: datetime
    pieces: int


def show_room(
    tx: Session, gift_id: str, item_id: str | None, member_id: str | None, now: datetime, zone: ZoneInfo
) -> Shown:
    """The waiting room of a gift; one statement while it is open. Raises NotFound when there is none to come either."""
    found = find_room(tx, gift_id, item_id, member_id, now)
    if found is not None:
        room, ticket = found
        here = standing(room, ticket, now)
        return Shown(room, ticket, here, room.item_id, room.opens_at, room.releases_at, room.on_hand)
    find_shown(tx, gift_id, now)
    for coming in next_releases(tx, gift_id, now, zone):
        if coming.opens_at is not None and item_id in (None, coming.item_id):
            nowhere = Standing(CLOSED, OUTSIDE)
            return Shown(None, None, nowhere, coming.item_id, coming.opens_at, coming.at, coming.pieces)
    raise NotFound()


def drawn_page(
    tx: Session, gift_id: str, item_id: str | None, limit: int, cursor_text: str | None, now: datetime
) -> dict[str, Any]:
    """The tickets of a room in the order that was drawn, for whoever wants to repeat it; nobody's names.

    None before the draw. Raises NotFound for a gift that nobody sees, Invalid for a cursor of another list.
    """
    seen = decode_cursor(cursor_text, int)
    found = find_room(tx, gift_id, item_id, None, now)
    if found is None:
        find_shown(tx, gift_id, now)
    room_id = found[0].id if found is not None else None
    drawn = select(QueueTicket).where(QueueTicket.room_id == room_id, QueueTicket.drawn_place.is_not(None))
    if seen is not None:
        drawn = drawn.where(QueueTicket.drawn_place > seen[0])
    rows = tx.scalars(drawn.order_by(QueueTicket.drawn_place).limit(limit + 1)).all()
    return page_of(rows, limit, lambda ticket: (ticket.drawn_place,))


STATES = ("waiting", "turn", "used", "lapsed", "left")


def rooms_page(tx: Session, drop_id: str, limit: int, cursor_text: str | None) -> dict[str, Any]:
    """A drop's rooms, the newest first, with how many tickets are in each state; for staff."""
    page = newest_first(tx, select(QueueRoom).where(QueueRoom.drop_id == drop_id), QueueRoom.id, limit, cursor_text)
    counted = select(QueueTicket.room_id, QueueTicket.state, func.count()).group_by(
        QueueTicket.room_id, QueueTicket.state
    )
    counts = {
        (room_id, state): count
        for room_id, state, count in tx.execute(counted.where(QueueTicket.room_id.in_([r.id for r in page["items"]])))
    }
    page["items"] = [_figures(room, counts) for room in page["items"]]
    return page


def _figures(room: QueueRoom, counts: dict[tuple[str, str], int]) -> dict[str, Any]:
    drawn = room.drawn_at is not None
    return {
        "id": room.id,
        "opens_at": room.opens_at,
        "release_at": room.releases_at,
        "drawn_at": room.drawn_at,
        "ended": room.ended,
        "ended_at": room.ended_at,
        "tickets": {state: counts.get((room.id, state), 0) for state in STATES},
        "seed_sha256": commitment(room.seed),
        "seed": room.seed.hex() if drawn else None,
    }
