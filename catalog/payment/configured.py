"""The payment provider of this installation, if it has one, and the one currency in which it is paid."""

from __future__ import annotations

from datetime import timedelta

from flask import current_app

from catalog.payment.gateway import Gateway


def gateway() -> Gateway | None:
    """The provider; None when no key is set: then gifts with a cash part cannot be ordered."""
    found: Gateway | None = current_app.extensions.get("payment_gateway")
    return found


def mall_currency() -> str:
    """ISO code, in capitals."""
    currency: str = current_app.extensions["settings"].cash_currency
    return currency


def can_be_paid(cash_cents: int | None, currency: str | None) -> bool:
    """Whether a gift of that cash part can be ordered here: none, or in the mall's currency with a provider."""
    return cash_cents is None or (currency == mall_currency() and gateway() is not None)


def payment_time() -> timedelta:
    """How long an order waits for its payment."""
    minutes: int = current_app.extensions["settings"].payment_minutes
    return timedelta(minutes=minutes)


def public_url() -> str:
    """Where members find the mall."""
    url: str = current_app.extensions["settings"].public_url
    return url
