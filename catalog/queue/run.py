"""Running waiting rooms: opening them before a release, drawing the order at it, opening turns until all is gone.

Only the worker and the release write places and turns, under the lock of the room; members join, leave and use
their turn without it. Locks are taken room, tickets, stock row.
"""

from __future__ import annotations

import secrets
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from psycopg import Cursor
from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from catalog.drops.keep import schedule_of
from catalog.drops.models import Drop
from catalog.queue.models import QueueRoom
from catalog.queue.rules import EMPTY, SOLD_OUT, fair_order, turns_to_open
from catalog.stock.models import StockItem
from mall.clock import local_date
from mall.db import Login, cursor, run_tx
from mall.ids import new_id

# A ticket that an order is using at this moment is locked: it is no lapsed one.
_LAPSE = """UPDATE queue_tickets SET state = 'lapsed' WHERE id IN (SELECT id FROM queue_tickets
  WHERE room_id = %(room)s AND state = 'turn' AND turn_until <= %(now)s FOR UPDATE SKIP LOCKED)"""
_ARRIVED = """UPDATE queue_tickets AS t SET place = %(last)s + n.number FROM (SELECT id,
  row_number() OVER (ORDER BY joined_at, id) AS number FROM queue_tickets
  WHERE room_id = %(room)s AND state = 'waiting' AND place IS NULL) AS n WHERE t.id = n.id"""
# One statement, one snapshot: an order's turn and its piece are both counted, or both not yet.
_COUNT = """SELECT s.on_hand, (SELECT count(*) FROM queue_tickets WHERE room_id = %(room)s AND state = 'turn'),
  EXISTS (SELECT 1 FROM queue_tickets WHERE room_id = %(room)s AND state = 'waiting')
 FROM stock_items AS s WHERE s.item_id = %(item)s"""
_CALL = """WITH next AS (SELECT id FROM queue_tickets WHERE room_id = %(room)s AND state = 'waiting'
  AND place IS NOT NULL ORDER BY place LIMIT %(most)s FOR UPDATE SKIP LOCKED),
 called AS (UPDATE queue_tickets SET state = 'turn', turn_until = %(until)s WHERE id IN (SELECT id FROM next)
  RETURNING place, member_id)
 SELECT array_agg(member_id), max(place) FROM called"""
_TELL = """INSERT INTO notifications (id, member_id, kind, gift_id, detail, created_at)
 SELECT id, member_id, 'queue.turn', %(gift)s, jsonb_build_object('until', %(until_text)s::text), %(now)s
 FROM unnest(%(ids)s::text[], %(members)s::text[]) AS n (id, member_id)"""
_DRAW = """UPDATE queue_tickets AS t SET place = n.number, drawn_place = n.number
 FROM unnest(%(ids)s::text[]) WITH ORDINALITY AS n(id, number) WHERE t.id = n.id"""


def open_rooms(now: datetime, zone: ZoneInfo) -> int:
    """Open the rooms of releases that are near, call off those whose release will not be; rooms opened."""
    return run_tx(Login.BACKOFFICE, lambda tx: _open(tx, now, zone))


def _open(tx: Session, now: datetime, zone: ZoneInfo) -> int:
    opened = 0
    waiting = select(Drop).where(Drop.active, Drop.waiting_minutes.is_not(None), Drop.reserve > 0).order_by(Drop.id)
    for drop in tx.scalars(waiting):
        at = schedule_of(drop).next_after(now, zone)
        if at is not None and at - timedelta(minutes=drop.waiting_minutes or 0) <= now:
            opened += ensure_room(tx, drop, local_date(at, zone), at)
    live = (QueueRoom.drawn_at.is_(None), QueueRoom.ended_at.is_(None), QueueRoom.drop_id == Drop.id)
    off = or_(~Drop.active, Drop.waiting_minutes.is_(None), QueueRoom.day < local_date(now, zone))
    tx.execute(update(QueueRoom).where(*live, off).values(ended="called_off", ended_at=now))
    return opened


def call_off(tx: Session, drop_id: str, now: datetime) -> int:
    """End the rooms of a drop whose order is not drawn yet, as the worker would at its next look; rooms ended."""
    live = (QueueRoom.drop_id == drop_id, QueueRoom.drawn_at.is_(None), QueueRoom.ended_at.is_(None))
    done = tx.execute(update(QueueRoom).where(*live).values(ended="called_off", ended_at=now))
    return int(done.rowcount)  # type: ignore[attr-defined]


def ensure_room(tx: Session, drop: Drop, day: date, at: datetime) -> bool:
    """The room of a release at ``at``, as staff want it now; whether it is new or was changed."""
    assert drop.waiting_minutes is not None
    wanted = {
        "opens_at": at - timedelta(minutes=drop.waiting_minutes), "releases_at": at, "turn_seconds": drop.turn_seconds,
        "ended": None, "ended_at": None,
    }  # fmt: skip
    new = insert(QueueRoom).values(
        id=new_id("que"), drop_id=drop.id, gift_id=drop.gift_id, item_id=drop.item_id, day=day,
        seed=secrets.token_bytes(32), last_place=0, called_place=0, **wanted,
    )  # fmt: skip
    here, there = QueueRoom, new.excluded
    changed = or_(
        here.opens_at != there.opens_at, here.releases_at != there.releases_at,
        here.turn_seconds != there.turn_seconds, here.ended == "called_off",
    )  # fmt: skip
    once = new.on_conflict_do_update(
        index_elements=["drop_id", "day"], set_=wanted, where=here.drawn_at.is_(None) & changed
    )
    return tx.execute(once.returning(QueueRoom.id)).first() is not None


def draw_order(tx: Session, drop: Drop, day: date, at: datetime, now: datetime) -> str | None:
    """Draw the order of everybody who came before the release; the room, None for a drop without one.

    The lock waits for those who are joining at this moment; whoever comes after stands behind.
    """
    if drop.waiting_minutes is None:
        return None
    ensure_room(tx, drop, day, at)
    found = select(QueueRoom).where(QueueRoom.drop_id == drop.id, QueueRoom.day == day).with_for_update()
    room = tx.execute(found.execution_options(populate_existing=True)).scalar_one()
    if room.drawn_at is not None:
        return None
    waiting = "SELECT id FROM queue_tickets WHERE room_id = %s AND state = 'waiting'"
    order = fair_order(room.seed, [row[0] for row in cursor(tx).execute(waiting, (room.id,)).fetchall()])
    cursor(tx).execute(_DRAW, {"ids": order})
    room.drawn_at, room.last_place = now, len(order)
    tx.flush()
    return room.id


def begin(tx: Session, room_id: str, item_id: str, now: datetime) -> None:
    """Put a drawn room before its item, in place of one that is still there, and open the first turns."""
    old = tx.execute(select(StockItem.queue_id).where(StockItem.item_id == item_id)).scalar_one()
    if old is not None:
        _end(tx, old, item_id, "replaced", now)
    tx.execute(update(StockItem).where(StockItem.item_id == item_id).values(queue_id=room_id))
    advance(tx, room_id, now)


def advance_rooms(now: datetime) -> int:
    """Open turns in every room that is running, each in a transaction of its own; turns opened."""
    running = select(QueueRoom.id).where(QueueRoom.drawn_at.is_not(None), QueueRoom.ended_at.is_(None))
    rooms = run_tx(Login.BACKOFFICE, lambda tx: list(tx.scalars(running.order_by(QueueRoom.id))))
    return sum(run_tx(Login.BACKOFFICE, partial(advance, room_id=room_id, now=now)) for room_id in rooms)


def advance(tx: Session, room_id: str, now: datetime) -> int:
    """Let unused turns lapse, give those who have come their places, open turns for free pieces; turns opened.

    A room ends when no piece is left, or when nobody waits or has a turn: then the rest is on sale as usual.
    """
    # Those who join hold a weaker lock on the room, which this one lets be.
    found = select(QueueRoom).where(QueueRoom.id == room_id).with_for_update(key_share=True)
    room = tx.execute(found.execution_options(populate_existing=True)).scalar_one()
    if room.ended_at is not None or room.drawn_at is None:
        return 0
    cur = cursor(tx)
    values = {"room": room.id, "item": room.item_id, "now": now, "last": room.last_place}
    cur.execute(_LAPSE, values)
    room.last_place += cur.execute(_ARRIVED, values).rowcount
    on_hand, turns, waiting = cur.execute(_COUNT, values).fetchone() or (0, 0, False)
    most, opened = turns_to_open(on_hand, turns), 0
    if most and waiting:
        opened = _call(cur, room, most, now)
    tx.flush()
    if on_hand == 0 or not (turns or waiting):
        _end(tx, room.id, room.item_id, SOLD_OUT if on_hand == 0 else EMPTY, now)
    return opened


def _call(cur: Cursor, room: QueueRoom, most: int, now: datetime) -> int:
    """Open the turns of the next in line and tell them; turns opened."""
    until = now + timedelta(seconds=room.turn_seconds)
    called: Any = cur.execute(_CALL, {"room": room.id, "most": most, "until": until}).fetchone()
    members, furthest = called[0] or [], called[1] or 0
    room.called_place = max(room.called_place, furthest)
    ids = [new_id("ntc") for _ in members]
    told = {"gift": room.gift_id, "now": now, "until_text": until.isoformat(), "ids": ids, "members": members}
    cur.execute(_TELL, told)
    return len(members)


def _end(tx: Session, room_id: str, item_id: str, why: str, now: datetime) -> None:
    live = (QueueRoom.id == room_id, QueueRoom.ended_at.is_(None))
    tx.execute(update(QueueRoom).where(*live).values(ended=why, ended_at=now))
    tx.execute(
        update(StockItem).where(StockItem.item_id == item_id, StockItem.queue_id == room_id).values(queue_id=None)
    )
