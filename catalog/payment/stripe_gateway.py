"""Stripe through its own SDK: Checkout Sessions, refunds and signed events. The only module that imports it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import stripe
from stripe import Webhook

from catalog.payment.gateway import (
    BadEvent,
    Broken,
    Dispute,
    Event,
    Refund,
    RefundWanted,
    Refused,
    Session,
    Unreachable,
    Wanted,
)  # fmt: skip

TIMEOUT_SECONDS = 8
"""Longer than Stripe takes on a bad day, shorter than anybody waits for a page."""
MOST_REFUNDS = 100
NOT_PAID = frozenset({"requires_payment_method", "canceled"})
"""States of the payment of a complete page that tell that it did not go through; else it is on its way, or there."""
ASYNC_FAILED = "checkout.session.async_payment_failed"
T = TypeVar("T")


class StripeGateway:
    """A ``Gateway``. ``api_base``: another address than Stripe's own, for a stand-in.
    ``seconds``: how long an answer may take.
    """

    def __init__(
        self,
        secret_key: str,
        webhook_secret: str | None,
        api_base: str | None = None,
        *,
        seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        bases: Any = {"api": api_base} if api_base else {}
        # Retries are the mall's own: the SDK would repeat a failure under the same key while somebody waits.
        self._client = stripe.StripeClient(
            secret_key,
            base_addresses=bases,
            max_network_retries=0,
            http_client=stripe.RequestsClient(timeout=seconds),
        )
        self._webhook_secret = webhook_secret

    def open_session(self, wanted: Wanted) -> Session:
        line = {
            "quantity": 1,
            "price_data": {
                "currency": wanted.currency.lower(),
                "unit_amount": wanted.amount_cents,
                "product_data": {"name": wanted.label},
            },
        }
        # No method is named: Stripe offers what the account allows (card, Alipay, WeChat Pay). The order's id is
        # all it is told; neither member, points nor gift.
        params: Any = {
            "mode": "payment",
            "line_items": [line],
            "client_reference_id": wanted.order_id,
            "metadata": {"order": wanted.order_id},
            "payment_intent_data": {"metadata": {"order": wanted.order_id}},
            "expires_at": int(wanted.expires_at.timestamp()),
            "success_url": f"{wanted.return_url}/paid",
            "cancel_url": wanted.return_url,
        }
        return _session(_ask(lambda: self._sessions.create(params, {"idempotency_key": wanted.key})))

    def session(self, session_id: str) -> Session:
        params: Any = {"expand": ["payment_intent"]}  # the page alone does not tell of a late payment that failed
        return _session(_ask(lambda: self._sessions.retrieve(session_id, params)))

    def expire_session(self, session_id: str) -> Session:
        return _session(_ask(lambda: self._sessions.expire(session_id)))

    def refund(self, wanted: RefundWanted) -> Refund:
        params: Any = {
            "payment_intent": wanted.intent_id,
            "amount": wanted.amount_cents,
            "metadata": {"refund": wanted.refund_id},
        }
        return _refund(_ask(lambda: self._client.v1.refunds.create(params, {"idempotency_key": wanted.key})))

    def refunds_of(self, intent_id: str) -> Sequence[Refund]:
        params: Any = {"payment_intent": intent_id, "limit": MOST_REFUNDS}
        return [_refund(one) for one in _ask(lambda: self._client.v1.refunds.list(params)).data]

    def read_event(self, raw: bytes, signature: str) -> Event:
        if self._webhook_secret is None:
            raise BadEvent("STRIPE_WEBHOOK_SECRET is not set")
        try:
            event = Webhook.construct_event(raw, signature, self._webhook_secret)  # type: ignore[no-untyped-call]
            about = _about(event.data.object)
            if isinstance(about, Session) and event.type == ASYNC_FAILED:
                about = replace(about, status="failed")
            return Event(event.id, event.type, about)
        except (stripe.SignatureVerificationError, ValueError, KeyError, AttributeError, TypeError) as error:
            raise BadEvent(str(error)) from error

    @property
    def _sessions(self) -> Any:
        return self._client.v1.checkout.sessions


def _ask(request: Callable[[], T]) -> T:
    try:
        return request()
    except (stripe.APIConnectionError, stripe.RateLimitError) as error:
        raise Unreachable(_told(error)) from error
    except stripe.StripeError as error:
        status = error.http_status or 0
        if status == 409:  # the same key is being worked on
            raise Unreachable(_told(error)) from error
        if 400 <= status < 500:
            raise Refused(_told(error)) from error
        raise Broken(_told(error)) from error


def _told(error: stripe.StripeError) -> str:
    """What is kept of an error: its kind and code, never Stripe's sentences, which may repeat what was sent."""
    return f"{type(error).__name__} {error.http_status or '-'} {error.code or ''}".strip()


def _about(found: Any) -> Session | Refund | Dispute | None:
    readers: dict[str, Callable[[Any], Any]] = {
        "checkout.session": _session, "refund": _refund, "dispute": _dispute
    }  # fmt: skip
    reader = readers.get(found.object)
    about: Session | Refund | Dispute | None = reader(found) if reader else None
    return about


def _session(found: Any) -> Session:
    paid, status, intent = found.payment_status == "paid", found.status or "open", found.payment_intent
    if status == "complete" and not paid and getattr(intent, "status", None) in NOT_PAID:
        status = "failed"
    return Session(
        found.id, found.client_reference_id, status, paid, found.amount_total or 0,
        (found.currency or "").upper(), _id_of(found.payment_intent), found.url,
    )  # fmt: skip


def _refund(found: Any) -> Refund:
    metadata = found.metadata.to_dict() if found.metadata else {}
    return Refund(found.id, metadata.get("refund"), found.status or "pending", found.amount)


def _dispute(found: Any) -> Dispute:
    return Dispute(found.id, _id_of(found.payment_intent), found.status, found.amount)


def _id_of(reference: Any) -> str | None:
    """The id of what is referred to, expanded or not."""
    return reference if reference is None or isinstance(reference, str) else str(reference.id)
