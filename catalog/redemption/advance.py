"""Moving an order on: by its member (cancel), by staff, and what goes back when it ends by an exit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from catalog.draws.entries import refuse_if_fixed
from catalog.fulfilment.carriers import BY_CODE, tracking_number
from catalog.payment.due import let_go, refuse_on_hold
from catalog.redemption.lifecycle import (
    DRAWN_KINDS,
    GIVES_POINTS_BACK,
    GIVES_STOCK_BACK,
    By,
    Status,
    check_step,
    path_after,
)
from catalog.redemption.writer import LockedOrder, lock_order, move_order
from catalog.vouchers.pool import put_back
from mall.crypto import keyring
from mall.db import cursor
from mall.errors import Conflict, Invalid, NotFound
from points.ledger.book import Book
from points.ledger.books import open_books


@dataclass(frozen=True, slots=True)
class Step:
    """A step asked for: where to, by whom, and what goes along with it."""

    to: str
    by: By
    actor: str
    reason: str | None = None
    tracking: str | None = None
    carrier: str | None = None


_OWNER = "SELECT member_id, coalesce(wallet_id, member_id) FROM orders WHERE id = %s"


def cancel_order(tx: Session, member_id: str, order_id: str, now: datetime) -> None:
    """Cancel a member's own order: points back to their lots, pieces back to stock.

    Raises NotFound for an order that is unknown or somebody else's, Conflict ``illegal_transition`` when it
    can no longer be cancelled, or is cancelled already.
    """
    step = Step(Status.CANCELLED.value, By.MEMBER, f"member:{member_id}")
    try:
        take_step(tx, order_id, step, now, member_id=member_id)
    except Conflict as error:
        if error.code != "illegal_transition":
            raise
        told = _("This order can no longer be cancelled.")
        raise Conflict(error.code, told, extra=error.extra) from error


def take_step(tx: Session, order_id: str, step: Step, now: datetime, *, member_id: str | None = None) -> LockedOrder:
    """Move an order as ``step`` says; returns it as it was before.

    With ``member_id`` only an order of that member is found. Raises NotFound, Conflict ``illegal_transition``
    (with ``allowed``), ``draw_closed`` for an entry that is waiting for its draw,
    Invalid for a tracking number of something that is not being shipped.
    """
    step = _checked_parcel(step)
    cur = cursor(tx)
    row = cur.execute(_OWNER, (order_id,)).fetchone()
    if row is None or member_id not in (None, row[0]):
        raise NotFound()
    if step.to not in GIVES_POINTS_BACK:
        order = _locked(tx, order_id, step, now)
        _write(tx, order, step, now)
        return order
    # The wallet before the order, as when placing: two ways through the same locks would wait in a circle.
    with open_books(tx, [row[1]], now) as books:
        order = _locked(tx, order_id, step, now)
        _give_points_back(books[row[1]], order_id)
        if order.cash_cents is not None:
            let_go(tx, order_id, now)
    _write(tx, order, step, now)
    return order


def _checked_parcel(step: Step) -> Step:
    """The step with its tracking number as the carrier writes it. Raises Invalid."""
    if step.to != Status.SHIPPED and (step.tracking is not None or step.carrier is not None):
        field = "tracking" if step.tracking is not None else "carrier"
        raise Invalid({field: [_("Only an order that is shipped has a tracking number.")]})
    if step.carrier is None or step.tracking is None:
        return step
    number = tracking_number(BY_CODE[step.carrier], step.tracking)
    if number is None:
        raise Invalid({"tracking": [_("This is no tracking number of that carrier.")]})
    return replace(step, tracking=number)


def _locked(tx: Session, order_id: str, step: Step, now: datetime) -> LockedOrder:
    order = lock_order(cursor(tx), order_id)
    assert order is not None, "orders are never deleted"
    check_step(order.kind, order.status, step.to, step.by)
    if order.kind == "draw" and order.status == Status.PLACED:
        refuse_if_fixed(tx, order.gift_id, now)
    if order.cash_cents is not None and step.by != By.SYSTEM:
        refuse_on_hold(tx, order_id, ending=step.to in GIVES_POINTS_BACK | {Status.RETURNED})
    return order


def _give_points_back(book: Book, order_id: str) -> None:
    hold = book.find_hold(order_id)
    if hold.open_points:
        book.release(order_id)
    if hold.refundable:
        book.refund(order_id)


def _write(tx: Session, order: LockedOrder, step: Step, now: datetime) -> None:
    cur, target = cursor(tx), Status(step.to)
    # What was approved by hand and needs no hand any more goes on by itself.
    path = [target, *path_after(order.kind, target, by_hand=True, approval=True)]
    pieces = 0
    # What stock counts of a draw are the places of entries: once it is drawn nobody else takes one.
    if target in GIVES_STOCK_BACK and (order.kind not in DRAWN_KINDS or order.status == Status.PLACED):
        pieces = put_back(cur, order.id) if order.kind == "voucher" else order.quantity
    move_order(
        cur,
        keyring(),
        order,
        path,
        step.actor,
        now,
        reason=step.reason,
        tracking=step.tracking,
        carrier=step.carrier,
        stock_back=pieces,
    )
