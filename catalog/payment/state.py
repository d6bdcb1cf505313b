"""What staff should know of the payment provider: whether keys are there, and what came or did not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog.payment.models import OrderPayment, PaymentDispute, PaymentEvent, PaymentRefund
from mall.settings import Settings


@dataclass(frozen=True, slots=True)
class PaymentState:
    """``mode``: test, live, or None without a key. Counts are of things that wait for somebody or something."""

    mode: str | None
    webhook_secret: bool
    last_event_at: datetime | None
    unsettled_events: int
    oldest_unsettled_at: datetime | None
    open_disputes: int
    flagged_payments: int
    failed_refunds: int


def mode_of(key: str | None) -> str | None:
    """What a secret key is good for, by how it begins: ``sk_live_…``, ``rk_test_…``."""
    if key is None:
        return None
    return "live" if key.startswith(("sk_live_", "rk_live_")) else "test"


def payment_state(tx: Session) -> PaymentState:
    """The state now; asks nothing of the provider."""
    settings: Settings = current_app.extensions["settings"]
    waiting = PaymentEvent.settled_at.is_(None)
    unsettled = tx.execute(select(func.count(), func.min(PaymentEvent.received_at)).where(waiting)).one()
    return PaymentState(
        mode=mode_of(settings.stripe_secret_key),
        webhook_secret=settings.stripe_webhook_secret is not None,
        last_event_at=tx.scalar(select(func.max(PaymentEvent.received_at))),
        unsettled_events=unsettled[0],
        oldest_unsettled_at=unsettled[1],
        open_disputes=_count(tx, select(func.count()).where(PaymentDispute.closed_at.is_(None))),
        flagged_payments=_count(tx, select(func.count()).where(OrderPayment.flag.is_not(None))),
        failed_refunds=_count(tx, select(func.count()).where(PaymentRefund.status == "failed")),
    )


def _count(tx: Session, query: object) -> int:
    return int(tx.execute(query).scalar_one())  # type: ignore[call-overload]
