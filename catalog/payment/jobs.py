"""The job that brings every payment to its end, whatever was cut off before."""

from __future__ import annotations

from datetime import datetime, timedelta

from catalog.payment.events import forget_events, settle_events
from catalog.payment.pages import look_after_pages
from catalog.payment.refunds import ask_about_refunds, send_refunds
from catalog.payment.remind import remind_to_pay
from mall.db import Login, run_tx
from mall.jobs import job


@job("payments", every=timedelta(seconds=10), aside=True)
def look_after_payments(now: datetime) -> dict[str, int]:
    """Settle messages, remind of payments, make, ask about and close their pages, send refunds. Aside: the provider
    may be slow."""
    reminded = run_tx(Login.BACKOFFICE, lambda tx: remind_to_pay(tx, now))
    done = {"events": settle_events(now), "reminded": reminded, **look_after_pages(now), "refunds": send_refunds(now)}
    return {name: count for name, count in done.items() if count}


@job("payment-refunds", every=timedelta(hours=1), aside=True)
def ask_about_sent_refunds(now: datetime) -> dict[str, int]:
    """Ask the provider about refunds on their way of which no message came. Aside: the provider may be slow."""
    return {"refunds": ask_about_refunds(now)}


@job("forget-payment-events", every=timedelta(hours=24))
def forget_old_events(now: datetime) -> dict[str, int]:
    """Delete messages of the provider that were settled 90 days ago."""
    return {"payment_events": run_tx(Login.BACKOFFICE, lambda tx: forget_events(tx, now))}
