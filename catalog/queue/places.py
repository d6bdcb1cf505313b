"""What a member does in a waiting room: take a place, give it up, use a turn."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from catalog.queue.models import QueueRoom, QueueTicket
from catalog.queue.read import find_room, look_in
from catalog.queue.rules import OVER, RoomFacts, Standing, standing
from catalog.redemption.place import OrderRequest
from catalog.redemption.quote import quote
from catalog.redemption.refusals import refuse_if_any
from mall.db import cursor
from mall.errors import Conflict, Invalid, NotFound
from mall.http.principals import MemberPrincipal
from mall.ids import new_id

NEVER_YOURS = ("forbidden", "payment_unavailable", "not_eligible", "limit_reached")
"""Reasons that a turn would not cure; points may still come while one waits."""
# Who has left or let a turn lapse comes again at the end; the one place that a member has stays as it is otherwise.
_JOIN = """INSERT INTO queue_tickets (id, room_id, member_id, joined_at, state) VALUES (%s, %s, %s, %s, 'waiting')
 ON CONFLICT (member_id, room_id) DO UPDATE
 SET state = 'waiting', joined_at = excluded.joined_at, place = NULL, turn_until = NULL
 WHERE queue_tickets.state IN ('left', 'lapsed') OR (queue_tickets.state = 'turn'
  AND queue_tickets.turn_until <= excluded.joined_at)"""
_LEAVE = """UPDATE queue_tickets SET state = 'left', turn_until = NULL
 WHERE room_id = %s AND member_id = %s AND state IN ('waiting', 'turn')"""
_OPEN = "SELECT count(*) FROM queue_rooms WHERE gift_id = %s AND ended_at IS NULL"


def join(tx: Session, member: MemberPrincipal, gift_id: str, item_id: str | None, now: datetime) -> RoomFacts:
    """Take a place, once: before the release for the draw, after it at the end.

    Raises NotFound for a gift without a room, Invalid when it has several and none is named, Conflict
    ``queue_not_open``, or the reason for which the member could never order it.
    """
    room, now_standing = _room(tx, member.member_id, gift_id, item_id, now)
    if now_standing.phase == OVER:
        raise Conflict("queue_not_open")
    if item_id is None and cursor(tx).execute(_OPEN, (gift_id,)).fetchone() != (1,):
        raise Invalid({"variant": [_("Please choose one.")]})
    variant = None if room.item_id == gift_id else room.item_id
    refusals = quote(tx, member, OrderRequest(gift_id, 1, variant), now).refusals
    refuse_if_any([refusal for refusal in refusals if refusal.code in NEVER_YOURS])
    cursor(tx).execute(_JOIN, (new_id("qtk"), room.id, member.member_id, now))
    return room


def leave(tx: Session, member_id: str, gift_id: str, item_id: str | None, now: datetime) -> None:
    """Give a place up, if there is one. Raises NotFound for a gift without a room."""
    room, _standing = _room(tx, member_id, gift_id, item_id, now)
    cursor(tx).execute(_LEAVE, (room.id, member_id))


def leave_all(tx: Session, member_id: str) -> None:
    """Give up every place of a member who goes."""
    here = QueueTicket.member_id == member_id
    tx.execute(update(QueueTicket).where(here, QueueTicket.state.in_(("waiting", "turn"))).values(state="left"))


def tickets_of(tx: Session, member_id: str) -> list[dict[str, Any]]:
    """Every place a member has had, the newest first."""
    query = select(QueueTicket, QueueRoom.gift_id, QueueRoom.releases_at).join(
        QueueRoom, QueueRoom.id == QueueTicket.room_id
    )
    rows = tx.execute(query.where(QueueTicket.member_id == member_id).order_by(QueueTicket.id.desc()))
    return [
        {"id": ticket.id, "gift": gift_id, "release_at": released, "joined_at": ticket.joined_at,
         "state": ticket.state, "place": ticket.place, "order": ticket.order_id}
        for ticket, gift_id, released in rows
    ]  # fmt: skip


def _room(tx: Session, member_id: str, gift_id: str, item_id: str | None, now: datetime) -> tuple[RoomFacts, Standing]:
    found = find_room(tx, gift_id, item_id, member_id, now)
    if found is None:
        raise NotFound()
    return found[0], standing(*found, now)


def standing_in(tx: Session, room_id: str, member_id: str, now: datetime) -> Standing:
    """Where a member stands in a room."""
    return standing(*look_in(tx, room_id, member_id), now)
