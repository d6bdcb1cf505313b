"""What a waiting room shows: the room that is open or was lately, else the next one with when it opens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from catalog.drops.keep import next_releases
from catalog.gifts.queries import find_shown
from catalog.queue.read import find_room
from catalog.queue.rules import CLOSED, OUTSIDE, RoomFacts, Standing, TicketFacts, standing
from mall.errors import NotFound


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
