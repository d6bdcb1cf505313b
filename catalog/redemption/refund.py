"""Giving points of an order back after the gift was had: in whole or part, by staff, with a reason.

Points return to the lots they came from, with their own expiry; a share whose lot has expired meanwhile becomes a
new lot of 30 days (points.ledger: the documented grace). Debt is repaid first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from catalog.payment.due import refuse_on_hold
from catalog.payment.refunds import ask_refund
from catalog.redemption.lifecycle import REFUNDABLE, SENT_KINDS, By, Status, targets
from catalog.redemption.writer import LockedOrder, PartBack, lock_order, write_refund
from mall.crypto import keyring
from mall.db import cursor
from mall.errors import Conflict, Invalid, NotFound
from points.ledger.books import open_books

_BOOK = "SELECT coalesce(wallet_id, member_id) FROM orders WHERE id = %s"


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """What is to be given back: the price of ``quantity`` pieces, or ``points``; both None: all that is left.

    ``cash_cents``: cash besides, in minor units; None: the same share of it; without pieces and points: cash alone.
    ``restock``: the pieces can be had again.
    """

    reason: str
    quantity: int | None = None
    points: int | None = None
    restock: bool = False
    cash_cents: int | None = None

    @property
    def cash_alone(self) -> bool:
        """Whether the points stay as they are."""
        return self.quantity is None and self.points is None and self.cash_cents is not None


def refund_order(tx: Session, order_id: str, asked: RefundRequest, actor: str, now: datetime) -> tuple[PartBack, int]:
    """Give points back; the order is refunded when nothing of its price in points is left.

    Returns what was given back, and the cash besides in minor units.

    Raises NotFound, Conflict ``not_refundable`` for an order that is not that far, or over (with ``order_status``),
    ``refund_exceeded`` (with ``left_points`` and ``left_quantity``) for more than was paid and not given back yet,
    ``refund_exceeds_payment`` likewise for cash, ``order_on_hold`` while its payment is disputed,
    Invalid for ``restock`` without pieces or of codes that were shown, or for no cash alone.
    """
    cur = cursor(tx)
    row = cur.execute(_BOOK, (order_id,)).fetchone()
    if row is None:
        raise NotFound()
    # The wallet before the order, as when placing: two ways through the same locks would wait in a circle.
    with open_books(tx, [row[0]], now) as books:
        order = lock_order(cur, order_id)
        assert order is not None, "orders are never deleted"
        part = _part(order, asked)
        if part.points:
            books[row[0]].refund(order_id, part.points)
        sent = None
        if order.cash_cents is not None or asked.cash_cents:
            refuse_on_hold(tx, order_id, ending=True)
            sent = ask_refund(tx, order_id, _cash_part(order, asked, part), asked.reason, now)
    if part.points:
        write_refund(cur, keyring(), order, part, actor, now, asked.reason)
    return part, sent.amount_cents if sent else 0


def _cash_part(order: LockedOrder, asked: RefundRequest, part: PartBack) -> int | None:
    """The cash that goes back with ``part``; None: all that is left."""
    if asked.cash_cents is not None or order.cash_cents is None:
        return asked.cash_cents
    if part.points == order.points - order.refunded_points:
        return None
    return order.cash_cents // order.quantity * part.pieces


def _part(order: LockedOrder, asked: RefundRequest) -> PartBack:
    if order.status not in REFUNDABLE:
        allowed = targets(order.kind, order.status, By.STAFF)
        raise Conflict("not_refundable", extra={"order_status": order.status, "allowed": allowed})
    if asked.cash_alone and not asked.cash_cents:
        raise Invalid({"cash": [_("Please say how much.")]})
    left_points = order.points - order.refunded_points
    left_pieces = order.quantity - order.refunded_quantity
    pieces, points = asked.quantity or 0, asked.points
    if asked.quantity is not None:
        points = order.points // order.quantity * pieces
    elif points is None:
        pieces, points = (0, 0) if asked.cash_alone else (left_pieces, left_points)
    if points > left_points or pieces > left_pieces:
        left = {"left_points": left_points, "left_quantity": left_pieces}
        raise Conflict("refund_exceeded", extra=left)
    if points == left_points:
        allowed = targets(order.kind, order.status, By.STAFF)
        if Status.REFUNDED not in allowed:
            told = _("All of it goes back only when the order is returned or completed: mark it so first.")
            raise Conflict("illegal_transition", told, extra={"order_status": order.status, "allowed": allowed})
        pieces = left_pieces
    if asked.restock and (asked.points is not None or pieces == 0):
        raise Invalid({"restock": [_("Say how many pieces go back.")]})
    if asked.restock and order.kind not in (*SENT_KINDS, "pickup"):
        raise Invalid({"restock": [_("Only what can be touched goes back on the shelf.")]})
    return PartBack(points, pieces, asked.restock)
