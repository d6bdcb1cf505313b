"""Cash that goes back: asked for in the mall's books first, never more than came; sent by a job afterwards."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.payment.configured import gateway
from catalog.payment.gateway import Broken, Gateway, PaymentError, Refund, RefundWanted, Refused, Unreachable
from catalog.payment.models import OrderPayment, PaymentRefund
from mall import audit
from mall.db import Login, run_tx
from mall.errors import Conflict
from mall.ids import new_id

log = structlog.get_logger("mall.payments")

AT_ONCE = 50
ASKED_AT_ONCE = 500
FIRST_RETRY = timedelta(seconds=10)
LONGEST_RETRY = timedelta(hours=1)
KEY_LASTS = timedelta(hours=23)
"""Stripe keeps idempotency keys for at least 24 hours: after that the same request would be another refund."""
ASK_AFTER = timedelta(hours=1)
"""When the provider is asked about a refund that it has taken and said nothing of since."""
GIVEN_UP = frozenset({"failed", "canceled"})
"""Stripe's states of a refund that did not arrive."""


def lock_payment(tx: Session, order_id: str) -> OrderPayment | None:
    """The payment of an order, its row locked; after the wallet and the order, before stock."""
    return tx.get(OrderPayment, order_id, with_for_update=True, populate_existing=True)


def ask_refund(
    tx: Session, order_id: str, amount_cents: int | None, reason: str, now: datetime
) -> PaymentRefund | None:
    """Promise cash back: ``amount_cents`` of it, all that is left when None. Sent by the worker within seconds.

    Returns None when nothing was paid or all has gone back already and None was asked for. Raises Conflict
    ``refund_exceeds_payment`` (with ``open_cents``) for more than was paid and has not gone back.
    """
    payment = lock_payment(tx, order_id)
    left = 0 if payment is None else payment.captured_cents - payment.refunded_cents - payment.lost_cents
    amount = left if amount_cents is None else amount_cents
    if amount > left or amount < 0:
        raise Conflict("refund_exceeds_payment", extra={"open_cents": left})
    if payment is None or not amount:
        return None
    payment.refunded_cents += amount
    refund = PaymentRefund(
        id=new_id("rfd"), order_id=order_id, amount_cents=amount, reason=reason, status="asked", attempt=1,
        asked_at=now, send_at=now,
    )  # fmt: skip
    tx.add(refund)
    tx.flush()
    return refund


def send_refunds(now: datetime) -> int:
    """Send what was promised to the provider; returns how many were taken."""
    due = run_tx(Login.BACKOFFICE, lambda tx: _due(tx, now))
    return sum(_send(refund_id, now) for refund_id in due)


def _due(tx: Session, now: datetime) -> list[str]:
    query = select(PaymentRefund.id).where(PaymentRefund.status == "asked", PaymentRefund.send_at <= now)
    return list(tx.scalars(query.order_by(PaymentRefund.send_at).limit(AT_ONCE)))


def _send(refund_id: str, now: datetime) -> bool:
    provider = gateway()
    asked = run_tx(Login.BACKOFFICE, lambda tx: _wanted(tx, refund_id, now))
    if provider is None or asked is None:
        return False
    wanted, maybe_made = asked
    try:
        found = _found(provider, wanted) if maybe_made else None
        sent = found or provider.refund(wanted)
    except (Unreachable, Broken) as error:
        again, told = isinstance(error, Broken), str(error)
        run_tx(Login.BACKOFFICE, lambda tx: _later(tx, refund_id, now, told, new_key=again))
        return False
    except Refused as error:
        told = str(error)
        run_tx(Login.BACKOFFICE, lambda tx: _failed(tx, refund_id, now, told))
        return False
    run_tx(Login.BACKOFFICE, lambda tx: note_refund(tx, sent, now))
    return True


def _found(provider: Gateway, wanted: RefundWanted) -> Refund | None:
    """The refund at the provider, if it is there."""
    return next((one for one in provider.refunds_of(wanted.intent_id) if one.refund_id == wanted.refund_id), None)


def ask_about_refunds(now: datetime) -> int:
    """Ask about refunds that the provider took an hour ago or longer and has not told the end of; how many ended."""
    provider = gateway()
    if provider is None:
        return 0
    ended = 0
    for wanted in run_tx(Login.BACKOFFICE, lambda tx: _on_their_way(tx, now)):
        try:
            found = _found(provider, wanted)
        except PaymentError as error:
            log.warning("refund not known", refund=wanted.refund_id, error=str(error))
            continue
        if found is not None:
            outcome = run_tx(Login.BACKOFFICE, lambda tx, sent=found: note_refund(tx, sent, now))  # type: ignore[misc]
            ended += outcome in ("done", "failed")
    return ended


def _on_their_way(tx: Session, now: datetime) -> list[RefundWanted]:
    query = (
        select(PaymentRefund, OrderPayment.intent_id)
        .join(OrderPayment, OrderPayment.order_id == PaymentRefund.order_id)
        .where(PaymentRefund.status == "sent", PaymentRefund.send_at <= now - ASK_AFTER)
        .where(OrderPayment.intent_id.is_not(None))
        .order_by(PaymentRefund.send_at)
    )
    return [
        RefundWanted(refund.id, refund.attempt, str(intent_id), refund.amount_cents)
        for refund, intent_id in tx.execute(query.limit(ASKED_AT_ONCE))
    ]


def _wanted(tx: Session, refund_id: str, now: datetime) -> tuple[RefundWanted, bool] | None:
    """A refund to be sent, and whether one may have been made already that its key would not find: never a second."""
    refund = tx.get(PaymentRefund, refund_id)
    if refund is None or refund.status != "asked":
        return None
    payment = tx.get(OrderPayment, refund.order_id)
    if payment is None or payment.intent_id is None:
        return None
    maybe_made = refund.attempt > 1 or refund.asked_at <= now - KEY_LASTS
    return RefundWanted(refund.id, refund.attempt, payment.intent_id, refund.amount_cents), maybe_made


def _later(tx: Session, refund_id: str, now: datetime, error: str, *, new_key: bool) -> None:
    refund = tx.get(PaymentRefund, refund_id, with_for_update=True)
    if refund is None or refund.status != "asked":
        return
    refund.last_error = error
    waited = max(now - refund.asked_at, FIRST_RETRY)
    refund.send_at = now + min(waited, LONGEST_RETRY)
    if new_key:
        refund.attempt += 1


def note_refund(tx: Session, sent: Refund, now: datetime) -> str:
    """Write down what became of a refund; returns that in a word. Messages may come twice and out of order."""
    refund = tx.get(PaymentRefund, sent.refund_id) if sent.refund_id else None
    if refund is None:
        return "not_ours"
    if sent.status in GIVEN_UP:
        return _failed(tx, refund.id, now, sent.status, sent.id)
    lock_payment(tx, refund.order_id)
    refund = tx.get(PaymentRefund, refund.id, with_for_update=True, populate_existing=True)
    assert refund is not None
    if refund.status in ("done", "failed"):
        return "known"
    refund.refund_ref, refund.last_error = sent.id, None
    refund.status = "done" if sent.status == "succeeded" else "sent"
    if refund.status == "done":
        refund.done_at = now
    tx.flush()
    return refund.status


def _failed(tx: Session, refund_id: str, now: datetime, error: str, ref: str | None = None) -> str:
    """A refund did not arrive: the money is the mall's again, and staff are to look."""
    found = tx.get(PaymentRefund, refund_id)
    assert found is not None
    payment = lock_payment(tx, found.order_id)
    refund = tx.get(PaymentRefund, refund_id, with_for_update=True, populate_existing=True)
    assert refund is not None and payment is not None
    if refund.status == "failed":
        return "known"
    refund.status, refund.last_error, refund.refund_ref = "failed", error, ref or refund.refund_ref
    payment.refunded_cents -= refund.amount_cents
    payment.flag = "refund_failed"
    tx.flush()
    detail = {"refund": refund.id, "amount_cents": refund.amount_cents, "error": error}
    audit.record(tx, "system", "payment.refund_failed", f"order:{refund.order_id}", detail, now)
    return "failed"
