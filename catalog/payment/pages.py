"""Payment pages at the provider: made after the order is placed, asked about, closed when nobody may pay any more.

Each step is a transaction, a call outside of any, and a transaction again; it may be cut off anywhere and is taken
up by the job, because asking again with the same idempotency key gives the same page.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from catalog.payment import gateway as said
from catalog.payment.configured import gateway, public_url
from catalog.payment.due import cash_of
from catalog.payment.models import OrderPayment
from catalog.payment.refunds import lock_payment
from catalog.payment.settle import end_unpaid, settle_session
from catalog.redemption.models import Order
from mall.db import Login, run_tx

log = structlog.get_logger("mall.payments")

AT_ONCE = 50
ASK_EVERY = timedelta(minutes=1)
"""How often an open page is asked about when the provider sends no message."""
RETRY_EVERY = timedelta(seconds=10)
PAGE_OUTLIVES = timedelta(minutes=31)
"""How much longer the provider's page is open than the order waits: Stripe takes no page of less than 30 minutes,
however late it is made. The mall closes it itself, before it gives anything up."""


def open_page(order_id: str, login: Login, now: datetime) -> None:
    """Make the page of an order that has none yet. A provider that is slow or away leaves it to the job."""
    provider = gateway()
    wanted = run_tx(login, lambda tx: _wanted(tx, order_id, now))
    if provider is None or wanted is None:
        return
    try:
        page = provider.open_session(wanted)
    except said.Unreachable as error:
        log.warning("payment provider away", order=order_id, error=str(error))
        run_tx(login, lambda tx: _tried(tx, wanted, now, new_key=False))
        return
    except said.PaymentError as error:
        # A failure would be repeated under the same key. Should a page have been made nevertheless, nobody has
        # been told of it, so nobody can pay there.
        log.warning("payment page refused", order=order_id, error=str(error))
        run_tx(login, lambda tx: _tried(tx, wanted, now, new_key=True))
        return
    run_tx(login, lambda tx: _opened(tx, wanted, page, now))


def page_of(order_id: str, now: datetime) -> str | None:
    """Where an order just placed is paid; None when the provider has to be asked again, or nothing can be paid."""
    open_page(order_id, Login.REDEMPTION, now)
    cash = run_tx(Login.REDEMPTION, lambda tx: cash_of(tx, order_id, now))
    return None if cash is None else cash.checkout_url


def _wanted(tx: Session, order_id: str, now: datetime) -> said.Wanted | None:
    payment, order = tx.get(OrderPayment, order_id), tx.get(Order, order_id)
    if payment is None or order is None or payment.status != "open" or payment.session_id is not None:
        return None
    if payment.expires_at <= now:
        return None
    # All of it follows from what is stored: the same key always goes with the same words.
    return said.Wanted(
        order_id, payment.attempt, payment.amount_cents, payment.currency, f"积分商城 Points mall · {order.number}",
        payment.expires_at + PAGE_OUTLIVES, f"{public_url()}/orders/{order_id}",
    )  # fmt: skip


def _tried(tx: Session, wanted: said.Wanted, now: datetime, *, new_key: bool) -> None:
    payment = lock_payment(tx, wanted.order_id)
    if payment is not None and payment.session_id is None and payment.attempt == wanted.attempt:
        payment.checked_at = now
        payment.attempt += new_key


def _opened(tx: Session, wanted: said.Wanted, page: said.Session, now: datetime) -> None:
    payment = lock_payment(tx, wanted.order_id)
    if payment is None or payment.session_id is not None:
        return
    payment.session_id, payment.checkout_url, payment.checked_at = page.id, page.url, now
    if not payment.captured_cents:  # if the order has ended meanwhile, the job now has a page to close
        payment.session_over_at = None


def ask_at_once(order_id: str, now: datetime) -> bool:
    """Ask about the page of an order whose member comes back from paying there: the provider's message may take a
    while, or never come. Returns whether it is still not known to be paid."""
    payment = run_tx(Login.BACKOFFICE, lambda tx: tx.get(OrderPayment, order_id))
    if payment is None or payment.status != "open":
        return False
    if gateway() is None or payment.session_id is None:
        return True
    try:
        page = _ask(payment.session_id, close=False)
    except said.PaymentError as error:
        log.warning("payment page not known", order=order_id, error=str(error))
        return True
    return run_tx(Login.BACKOFFICE, lambda tx: settle_session(tx, page, now)) == "waiting"


def look_after_pages(now: datetime) -> dict[str, int]:
    """Make pages that are missing, ask about open ones, close those of orders that have ended or run out of time."""
    if gateway() is None:
        return {}
    done: dict[str, int] = {}
    for order_id in run_tx(Login.BACKOFFICE, lambda tx: _due(tx, now)):
        outcome = _look_after(order_id, now)
        done[outcome] = done.get(outcome, 0) + 1
    return done


def _due(tx: Session, now: datetime) -> list[str]:
    due = or_(
        OrderPayment.status == "void",
        OrderPayment.expires_at <= now,
        OrderPayment.checked_at <= now - ASK_EVERY,
        OrderPayment.session_id.is_(None),
    )
    query = select(OrderPayment.order_id).where(
        OrderPayment.session_over_at.is_(None), OrderPayment.checked_at <= now - RETRY_EVERY, due
    )
    return list(tx.scalars(query.order_by(OrderPayment.checked_at).limit(AT_ONCE)))


def _look_after(order_id: str, now: datetime) -> str:
    payment = run_tx(Login.BACKOFFICE, lambda tx: tx.get(OrderPayment, order_id))
    assert payment is not None, "payments are never deleted"
    wanted = payment.status == "open" and now < payment.expires_at
    if payment.session_id is None and wanted:
        open_page(order_id, Login.BACKOFFICE, now)
        return "opened"
    if payment.session_id is None:  # no page was ever shown to anybody: nothing can have been paid
        return run_tx(Login.BACKOFFICE, lambda tx: end_unpaid(tx, order_id, now))
    try:
        page = _ask(payment.session_id, close=not wanted)
    except said.PaymentError as error:
        log.warning("payment page not known", order=order_id, error=str(error))
        run_tx(Login.BACKOFFICE, lambda tx: _checked(tx, order_id, now))
        return "not_known"
    return run_tx(Login.BACKOFFICE, lambda tx: settle_session(tx, page, now))


def _ask(session_id: str, *, close: bool) -> said.Session:
    """A page as the provider has it; ``close``: expired first if it is still open."""
    provider = gateway()
    assert provider is not None
    page = provider.session(session_id)
    if not close or page.status != "open":
        return page
    try:
        return provider.expire_session(session_id)
    except said.Refused:  # somebody paid in this very moment
        return provider.session(session_id)


def _checked(tx: Session, order_id: str, now: datetime) -> None:
    payment = lock_payment(tx, order_id)
    if payment is not None:
        payment.checked_at = now
