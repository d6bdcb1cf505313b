"""Tables of payments: what is asked for each order, what came, what went back, what the provider said."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from mall.db import Base, IdText

PAYMENT_STATUSES = ("open", "paid", "void", "mismatch")
REFUND_STATUSES = ("asked", "sent", "done", "failed")


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN (" + ", ".join(f"'{value}'" for value in values) + ")"


class OrderPayment(Base):
    """The cash part of an order, in minor units. One row for each order that has one.

    ``status``: open (waiting), paid, void (the order ended unpaid), mismatch (what came is not what was asked for:
    staff decide). ``captured_cents``: what came; ``refunded_cents``: promised back, failed refunds taken out;
    ``lost_cents``: lost in a dispute. ``session_over_at``: when the provider said that its page can no longer be paid.
    ``on_hold``: disputed, nothing moves on. ``flag``: what staff should look at.
    """

    __tablename__ = "order_payments"
    __table_args__ = (
        CheckConstraint(_one_of("status", PAYMENT_STATUSES), name="status"),
        CheckConstraint("amount_cents > 0 AND attempt > 0", name="positive"),
        CheckConstraint(
            "captured_cents >= 0 AND refunded_cents >= 0 AND lost_cents >= 0"
            " AND refunded_cents + lost_cents <= captured_cents",
            name="refunds_within_captured",
        ),
        Index("ix_order_payments_intent_id", "intent_id"),
        Index("ix_order_payments_open", "expires_at", postgresql_where=text("session_over_at IS NULL")),
    )

    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"), type_=IdText, primary_key=True)
    status: Mapped[str] = mapped_column(Text)
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(Text)
    attempt: Mapped[int] = mapped_column(SmallInteger)
    session_id: Mapped[str | None] = mapped_column(IdText, unique=True)
    checkout_url: Mapped[str | None] = mapped_column(Text)
    intent_id: Mapped[str | None] = mapped_column(IdText)
    captured_cents: Mapped[int] = mapped_column(BigInteger)
    refunded_cents: Mapped[int] = mapped_column(BigInteger)
    lost_cents: Mapped[int] = mapped_column(BigInteger)
    on_hold: Mapped[bool]
    flag: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    checked_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    session_over_at: Mapped[datetime | None]


class PaymentRefund(Base):
    """Cash to be sent back, in minor units. ``refund_ref``: the provider's id; ``failed``: it did not arrive."""

    __tablename__ = "payment_refunds"
    __table_args__ = (
        CheckConstraint(_one_of("status", REFUND_STATUSES), name="status"),
        CheckConstraint("amount_cents > 0 AND attempt > 0", name="positive"),
        Index("ix_payment_refunds_order_id", "order_id"),
        Index("ix_payment_refunds_due", "send_at", postgresql_where=text("status = 'asked'")),
    )

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("order_payments.order_id"), type_=IdText)
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    attempt: Mapped[int] = mapped_column(SmallInteger)
    refund_ref: Mapped[str | None] = mapped_column(IdText, unique=True)
    asked_at: Mapped[datetime]
    send_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(Text)


class PaymentEvent(Base):
    """A signed message of the provider, once for each of its ids. ``facts``: ids, amounts and states, no person."""

    __tablename__ = "payment_events"
    __table_args__ = (
        Index("ix_payment_events_unsettled", "received_at", postgresql_where=text("settled_at IS NULL")),
        Index("ix_payment_events_received_at", "received_at"),
    )

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    type: Mapped[str] = mapped_column(Text)
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    received_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(Text)


class PaymentDispute(Base):
    """A payment that its payer contests, in minor units. ``status`` is the provider's; won and lost are final."""

    __tablename__ = "payment_disputes"

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("order_payments.order_id"), type_=IdText, index=True)
    amount_cents: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
