"""Disputes: a contested payment puts its order on hold until it is won."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.notices.for_staff import resolve, tell_staff
from catalog.payment.gateway import Dispute
from catalog.payment.models import OrderPayment, PaymentDispute
from catalog.payment.refunds import lock_payment
from mall import audit

DISPUTED = "payment.disputed"
FINAL = frozenset({"won", "lost", "warning_closed", "prevented"})
"""Stripe's states of a dispute that is over; in all but ``lost`` the money stays."""


def note_dispute(tx: Session, said: Dispute, now: datetime) -> str:
    """Write down a dispute and hold or free its order; returns that in a word.

    The end may be told before the beginning: what is over stays over.
    """
    order_id = tx.scalars(select(OrderPayment.order_id).where(OrderPayment.intent_id == said.intent_id)).first()
    payment = lock_payment(tx, order_id) if order_id is not None and said.intent_id is not None else None
    if payment is None:
        return "unknown"
    dispute = tx.get(PaymentDispute, said.id, with_for_update=True, populate_existing=True)
    if dispute is None:
        dispute = PaymentDispute(
            id=said.id, order_id=payment.order_id, amount_cents=said.amount_cents, status="", opened_at=now
        )
        tx.add(dispute)
    if dispute.status in FINAL or dispute.status == said.status:
        return "known"
    dispute.status = said.status
    if said.status in FINAL:
        dispute.closed_at = now
    tx.flush()
    if said.status == "lost":
        left = payment.captured_cents - payment.refunded_cents - payment.lost_cents
        payment.lost_cents += min(said.amount_cents, left)
        payment.on_hold, payment.flag = True, "dispute_lost"
    else:
        payment.on_hold = payment.flag == "dispute_lost" or _still_open(tx, payment.order_id)
    tx.flush()
    subject = f"order:{payment.order_id}"
    if said.status in FINAL - {"lost"} and not payment.on_hold:
        resolve(tx, DISPUTED, subject, now)
    else:
        tell_staff(tx, DISPUTED, subject, {"status": said.status}, now)
    detail = {"dispute": said.id, "status": said.status, "amount_cents": said.amount_cents}
    audit.record(tx, "system", "payment.disputed", subject, detail, now)
    return said.status


def _still_open(tx: Session, order_id: str) -> bool:
    query = select(PaymentDispute.id).where(
        PaymentDispute.order_id == order_id, PaymentDispute.status.not_in(sorted(FINAL))
    )
    return tx.scalars(query.limit(1)).first() is not None
