"""What time does to orders: reminders of what waits to be collected, its expiry, and parcels that have arrived.

Each order is moved in a transaction of its own through the same steps as by hand, so a member at the desk in the
last minute and the job that would expire the order cannot both win.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from catalog.draws.states import NOT_CLAIMED
from catalog.notices.models import Notification
from catalog.redemption.advance import Step, take_step
from catalog.redemption.lifecycle import By, Status
from catalog.redemption.writer import mark_reminded
from mall.db import Login, cursor, run_tx
from mall.errors import Conflict
from mall.ids import new_id

REMIND_BEFORE = (timedelta(days=3), timedelta(days=1))
"""How long before its end a member is told that something still waits."""
COMPLETES_AFTER = timedelta(days=15)
"""A parcel of which nothing was heard is taken to have arrived."""
AT_ONCE = 200
SYSTEM = "system"
NOT_COLLECTED = "not_collected"
ARRIVED = "no_complaint"
"""Reasons in the history, codes that pages put into words."""

_UNCOLLECTED = "SELECT id FROM orders WHERE status = 'ready_for_pickup' AND pickup_until <= %s AND id > %s"
_UNCLAIMED = "SELECT id FROM orders WHERE status = 'awaiting_claim' AND claim_until <= %s AND id > %s"
_UNDER_WAY = "SELECT id FROM orders WHERE status = 'shipped' AND moved_at <= %s AND id > %s"


def expire_uncollected(now: datetime) -> int:
    """Let orders expire that nobody collected: points back to their lots, pieces back to stock. How many."""
    return _each(_UNCOLLECTED, now, Step(Status.EXPIRED.value, By.SYSTEM, SYSTEM, NOT_COLLECTED), now)


def complete_shipped(now: datetime) -> int:
    """Complete parcels that were sent 15 days ago; how many."""
    step = Step(Status.COMPLETED.value, By.SYSTEM, SYSTEM, ARRIVED)
    return _each(_UNDER_WAY, now - COMPLETES_AFTER, step, now)


def expire_unclaimed(now: datetime) -> int:
    """Let prizes go whose winners have not said in time how they are to come: points back, the prize to staff."""
    return _each(_UNCLAIMED, now, Step(Status.EXPIRED.value, By.SYSTEM, SYSTEM, NOT_CLAIMED), now)


def remind_to_collect(tx: Session, now: datetime) -> int:
    """Tell members whose gifts wait for three more days, and for one; each once. How many at this call."""
    return _remind(tx, Status.READY, "order.collect_soon", now)


def remind_to_claim(tx: Session, now: datetime) -> int:
    """Tell winners who have three more days to say how the prize is to come, and one; each once. How many."""
    return _remind(tx, Status.AWAITING_CLAIM, "order.claim_soon", now)


def _remind(tx: Session, status: Status, kind: str, now: datetime) -> int:
    told = 0
    for number, ahead in enumerate(REMIND_BEFORE, start=1):
        for order_id, member_id, until in mark_reminded(cursor(tx), status, number, now, now + ahead, AT_ONCE):
            tx.add(
                Notification(
                    id=new_id("ntc"),
                    member_id=member_id,
                    kind=kind,
                    order_id=order_id,
                    detail={"until": until.isoformat()},
                    created_at=now,
                )
            )
            told += 1
    return told


def _each(query: str, due: datetime, step: Step, now: datetime) -> int:
    done, after = 0, ""
    while True:
        found = run_tx(Login.BACKOFFICE, _batch(query, due, after))
        for order_id in found:
            done += run_tx(Login.BACKOFFICE, _move(order_id, step, now))
        if len(found) < AT_ONCE:
            return done
        after = found[-1]


def _batch(query: str, due: datetime, after: str) -> Callable[[Session], list[str]]:
    ordered = f"{query} ORDER BY id LIMIT {AT_ONCE}"
    return lambda tx: [str(row[0]) for row in cursor(tx).execute(ordered, (due, after))]


def _move(order_id: str, step: Step, now: datetime) -> Callable[[Session], int]:
    def work(tx: Session) -> int:
        try:
            take_step(tx, order_id, step, now)
        except Conflict:  # somebody was quicker
            return 0
        return 1

    return work
