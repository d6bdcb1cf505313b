"""What is to be paid for an order: opened with it, shown to its member, given up when the order ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.payment.configured import mall_currency, payment_time
from catalog.payment.models import OrderPayment, PaymentRefund
from catalog.payment.refunds import ask_refund, lock_payment
from mall.errors import Conflict


@dataclass(frozen=True, slots=True)
class Cash:
    """The cash part of an order as its member sees it, in minor units.

    ``checkout_url``: where it is paid, while it can be; ``refunding_cents``: sent back but not there yet.
    """

    amount_cents: int
    currency: str
    status: str = "open"
    checkout_url: str | None = None
    pay_until: datetime | None = None
    refunded_cents: int = 0
    refunding_cents: int = 0
    on_hold: bool = False
    payable: bool = False


def open_payment(tx: Session, order_id: str, amount_cents: int, now: datetime) -> Cash:
    """Ask for a payment in the transaction that places its order. The provider's page is made afterwards."""
    payment = OrderPayment(
        order_id=order_id, status="open", amount_cents=amount_cents, currency=mall_currency(), attempt=1,
        captured_cents=0, refunded_cents=0, lost_cents=0, on_hold=False, created_at=now, checked_at=now,
        expires_at=now + payment_time(),
    )  # fmt: skip
    tx.add(payment)
    tx.flush()
    return Cash(amount_cents, payment.currency, pay_until=payment.expires_at, payable=True)


def cash_of(tx: Session, order_id: str, now: datetime) -> Cash | None:
    """The cash part of an order; None when it has none."""
    payment = tx.get(OrderPayment, order_id)
    if payment is None:
        return None
    waiting = select(PaymentRefund.amount_cents).where(
        PaymentRefund.order_id == order_id, PaymentRefund.status.in_(("asked", "sent"))
    )
    refunding = sum(tx.scalars(waiting)) if payment.refunded_cents else 0
    payable = payment.status == "open" and now < payment.expires_at
    return Cash(
        payment.amount_cents, payment.currency, payment.status, payment.checkout_url if payable else None,
        payment.expires_at if payment.status == "open" else None, payment.refunded_cents, refunding, payment.on_hold,
        payable,
    )  # fmt: skip


def staff_payment(tx: Session, order_id: str, *, figures: bool) -> dict[str, Any] | None:
    """The cash part of an order as staff see it, None when it has none; ``figures``: with amounts in minor units."""
    payment = tx.get(OrderPayment, order_id)
    if payment is None:
        return None
    told: dict[str, Any] = {"status": payment.status, "on_hold": payment.on_hold, "flag": payment.flag}
    amounts = {
        "currency": payment.currency, "amount": payment.amount_cents, "captured": payment.captured_cents,
        "refunded": payment.refunded_cents, "lost": payment.lost_cents,
    }  # fmt: skip
    return {**told, **amounts} if figures else told


def is_on_hold(tx: Session, order_id: str) -> bool:
    """Whether an order's payment is disputed, so that nothing may move on."""
    payment = tx.get(OrderPayment, order_id)
    return payment is not None and payment.on_hold


def refuse_on_hold(tx: Session, order_id: str, *, ending: bool) -> None:
    """Raise Conflict ``order_on_hold`` while an order's payment is disputed.

    One that was lost may still be brought to an end (``ending``): then there is no cash left to give back.
    """
    payment = tx.get(OrderPayment, order_id)
    if payment is not None and payment.on_hold and not (ending and payment.flag == "dispute_lost"):
        raise Conflict("order_on_hold")


def let_go(tx: Session, order_id: str, now: datetime) -> None:
    """An order has ended by an exit: what was paid goes back in full, what was not is not waited for any more.

    The page that may be open at the provider is closed by a job; who pays in between gets it all back.
    """
    payment = lock_payment(tx, order_id)
    if payment is None:
        return
    if payment.status == "open":
        payment.status = "void"
    elif payment.captured_cents:
        ask_refund(tx, order_id, None, "order_ended", now)
    tx.flush()
