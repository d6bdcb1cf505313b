"""What a payment page says becomes what happens to its order: confirmed once, ended once, or paid back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from catalog.gifts.models import Gift
from catalog.payment import gateway as said
from catalog.payment.models import OrderPayment
from catalog.payment.refunds import ask_refund, lock_payment
from catalog.redemption.lifecycle import By, Status, check_step, path_after
from catalog.redemption.models import Order
from catalog.redemption.writer import LockedOrder, lock_order, move_order
from catalog.vouchers.pool import put_back
from mall import audit
from mall.crypto import keyring
from mall.db import cursor
from points.ledger.book import Book
from points.ledger.books import open_books

ACTOR = "system"
NOT_PAID = "not_paid"
PAID_LATE = "paid_late"
"""Reasons in the history, codes that pages put into words."""
NOTHING_COMES = frozenset({"expired", "failed"})
"""States of a page on which nothing was paid and nothing can be any more."""


def settle_session(tx: Session, page: said.Session, now: datetime) -> str:
    """Settle what the provider says of a page, however often and in whatever order it says so.

    Paid: points are spent and the order goes on; paid too late: it all goes back. Over and unpaid: the order
    expires. Returns what was done in a word. What is paid never becomes unpaid again.
    """
    order = tx.get(Order, page.order_id) if page.order_id else None
    if order is None or tx.get(OrderPayment, order.id) is None:
        return "not_ours"
    with open_books(tx, [order.book_id], now) as books:
        locked, payment = lock_order(cursor(tx), order.id), lock_payment(tx, order.id)
        assert locked is not None and payment is not None
        if payment.session_id not in (None, page.id):
            return _of_another_page(tx, payment, page, books[order.book_id], locked, now)
        return _of_its_page(tx, payment, page, books[order.book_id], locked, now)


def end_unpaid(tx: Session, order_id: str, now: datetime) -> str:
    """Expire an order whose time is over and that never had a page to be paid on. Returns what was done."""
    order = tx.get(Order, order_id)
    assert order is not None, "payments belong to orders"
    with open_books(tx, [order.book_id], now) as books:
        locked, payment = lock_order(cursor(tx), order_id), lock_payment(tx, order_id)
        assert locked is not None and payment is not None
        if payment.session_id is not None:
            return "has_page"
        payment.session_over_at = now
        return _unpaid(tx, payment, books[order.book_id], locked, now)


def _of_another_page(
    tx: Session, payment: OrderPayment, page: said.Session, book: Book, order: LockedOrder, now: datetime
) -> str:
    """A page that was not the last one asked for: a payment counts where none has come, else staff look."""
    if not page.paid:
        return "other_page"
    if payment.captured_cents:
        payment.flag = "paid_twice"
        detail = {"session": page.id, "amount_cents": page.amount_cents, "currency": page.currency}
        audit.record(tx, ACTOR, "payment.paid_twice", f"order:{order.id}", detail, now)
        return "paid_twice"
    payment.session_id, payment.checkout_url = page.id, None
    return _of_its_page(tx, payment, page, book, order, now)


def _of_its_page(
    tx: Session, payment: OrderPayment, page: said.Session, book: Book, order: LockedOrder, now: datetime
) -> str:
    payment.session_id, payment.checked_at = page.id, now
    if not page.paid:
        if page.status not in NOTHING_COMES or payment.captured_cents:
            tx.flush()
            return "waiting"
        payment.session_over_at = payment.session_over_at or now
        return _unpaid(tx, payment, book, order, now)
    if payment.captured_cents:
        return "known"
    payment.intent_id, payment.captured_cents = page.intent_id, page.amount_cents
    payment.paid_at = payment.session_over_at = now
    if (page.amount_cents, page.currency) != (payment.amount_cents, payment.currency):
        return _mismatch(tx, payment, page, order, now)
    payment.status = "paid"
    tx.flush()
    if order.status == Status.AWAITING_PAYMENT:
        return _confirm(tx, book, order, now)
    return _pay_back(tx, order, now)


def _confirm(tx: Session, book: Book, order: LockedOrder, now: datetime) -> str:
    check_step(order.kind, order.status, Status.CONFIRMED, By.SYSTEM)
    book.capture(order.id)
    gift = tx.get(Gift, order.gift_id)
    assert gift is not None, "gifts are never deleted"
    path = [Status.CONFIRMED]
    if not _must_be_approved(tx, gift, order):  # else nothing goes on until staff move it, or cancel and pay back
        path += path_after(order.kind, Status.CONFIRMED, by_hand=gift.needs_preparation, approval=True)
    move_order(cursor(tx), keyring(), order, path, ACTOR, now)
    return "confirmed"


def _must_be_approved(tx: Session, gift: Gift, order: LockedOrder) -> bool:
    row = cursor(tx).execute("SELECT approval_above_points FROM redemption_policy").fetchone()
    above = None if row is None else row[0]
    return gift.needs_approval or (above is not None and order.points > above)


def _pay_back(tx: Session, order: LockedOrder, now: datetime) -> str:
    """The order had ended before the payment came."""
    ask_refund(tx, order.id, None, PAID_LATE, now)
    if order.status in (Status.EXPIRED, Status.CANCELLED):
        check_step(order.kind, order.status, Status.REFUNDED, By.SYSTEM)
        move_order(cursor(tx), keyring(), order, [Status.REFUNDED], ACTOR, now, reason=PAID_LATE)
    return PAID_LATE


def _mismatch(tx: Session, payment: OrderPayment, page: said.Session, order: LockedOrder, now: datetime) -> str:
    """What came is not what was asked for: nothing is confirmed. Cancelling the order gives it back."""
    ended = payment.status == "void"
    payment.status, payment.flag = "mismatch", "amount_mismatch"
    detail = {
        "asked_cents": payment.amount_cents, "asked_currency": payment.currency,
        "paid_cents": page.amount_cents, "paid_currency": page.currency,
    }  # fmt: skip
    tx.flush()
    audit.record(tx, ACTOR, "payment.mismatch", f"order:{order.id}", detail, now)
    if ended:
        _pay_back(tx, order, now)
    return "mismatch"


def _unpaid(tx: Session, payment: OrderPayment, book: Book, order: LockedOrder, now: datetime) -> str:
    if payment.status != "open" or order.status != Status.AWAITING_PAYMENT:
        tx.flush()
        return "over"
    check_step(order.kind, order.status, Status.EXPIRED, By.SYSTEM)
    payment.status = "void"
    tx.flush()
    book.release(order.id)
    cur = cursor(tx)
    pieces = put_back(cur, order.id) if order.kind == "voucher" else order.quantity
    move_order(cur, keyring(), order, [Status.EXPIRED], ACTOR, now, reason=NOT_PAID, stock_back=pieces)
    return "expired"
