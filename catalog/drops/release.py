"""Releasing the day's pieces: once, at their time, by whichever worker comes first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from catalog.drops.keep import schedule_of
from catalog.drops.models import Drop, DropDay
from catalog.queue.run import begin, draw_order
from catalog.stock.change import move_stock, on_hand
from catalog.stock.models import StockItem
from mall.db import Login, run_tx

SYSTEM = "system"


def release_due(now: datetime, zone: ZoneInfo) -> int:
    """Release what is due of every running drop, each in a transaction of its own; pieces released."""
    due = run_tx(Login.BACKOFFICE, lambda tx: _due(tx, now, zone))
    return sum(run_tx(Login.BACKOFFICE, _release(drop_id, day, now, zone)) for drop_id, day in due)


def _due(tx: Session, now: datetime, zone: ZoneInfo) -> list[tuple[str, date]]:
    done = select(DropDay.drop_id, func.max(DropDay.day).label("last")).group_by(DropDay.drop_id).subquery()
    running = select(Drop, done.c.last).outerjoin(done, done.c.drop_id == Drop.id).where(Drop.active)
    found = []
    for drop, last in tx.execute(running):
        day = schedule_of(drop).is_due(now, zone)
        if day is not None and (last is None or last < day):
            found.append((drop.id, day))
    return found


def _release(drop_id: str, day: date, now: datetime, zone: ZoneInfo) -> Callable[[Session], int]:
    def work(tx: Session) -> int:
        drop = tx.execute(select(Drop).where(Drop.id == drop_id).with_for_update()).scalar_one()
        once = insert(DropDay).values(drop_id=drop_id, day=day, released=0, withdrawn=0, released_at=now)
        row = tx.execute(once.on_conflict_do_nothing().returning(DropDay.day)).first()
        if row is None or not drop.active:
            return 0
        room = draw_order(tx, drop, day, schedule_of(drop).moment(day, zone), now)
        withdrawn = 0
        if drop.withdraws:  # the stock row is locked first and last: what orders take meanwhile waits for it
            tx.execute(select(StockItem.on_hand).where(StockItem.item_id == drop.item_id).with_for_update())
            withdrawn = on_hand(tx, drop.item_id)
            if withdrawn:
                move_stock(tx, drop.item_id, -withdrawn, "withdrawn", None, SYSTEM, now)
                drop.reserve += withdrawn
        released = min(drop.pieces, drop.reserve)
        if released:
            drop.reserve -= released
            move_stock(tx, drop.item_id, released, "released", None, SYSTEM, now)
        done = tx.get_one(DropDay, (drop_id, day))
        done.released, done.withdrawn = released, withdrawn
        if room is not None:
            begin(tx, room, drop.item_id, now)
        return released

    return work
