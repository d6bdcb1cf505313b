"""A mall that is paid through the Stripe stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from catalog.payment.events import settle_events
from catalog.payment.pages import look_after_pages
from catalog.payment.refunds import send_refunds
from catalog.payment.stripe_gateway import StripeGateway
from mall.db import Login
from points.ledger.verify import verify_ledger
from tests.stripe_stand_in.server import SECRET_KEY, WEBHOOK_SECRET, StandIn

CASH = {"amount": 1990, "currency": "CNY"}
WEBHOOK = "/api/v1/stripe/webhook"


class Till:
    """The stand-in and the mall together."""

    def __init__(self, shop: Any, stand_in: StandIn) -> None:
        self.shop, self.stripe = shop, stand_in
        self.told = 0

    def gift(self, points: int = 100, **more: Any) -> str:
        return self.shop.gift(points, cash=CASH, **more)

    def order(self, member: Any, gift: str, **more: Any) -> Any:
        answer = self.shop.order(member, gift, **more)
        assert answer.status_code == 201, answer.text
        return answer.json

    def page(self, order: Any) -> str:
        """The session of an order."""
        return str(self.shop.sql("SELECT session_id FROM order_payments WHERE order_id = :id", id=order["id"]))

    def hear(self, event: Any) -> int:
        """Give the mall one event."""
        raw, signature = self.stripe.signed(event)
        headers = {"Stripe-Signature": signature}
        client = self.shop.app.test_client()
        return int(client.post(WEBHOOK, data=raw, headers=headers, content_type="application/json").status_code)

    def hear_all(self) -> None:
        """Give the mall every event that it has not heard."""
        while self.told < len(self.stripe.events):
            self.told += 1
            assert self.hear(self.stripe.events[self.told - 1]) == 204

    def work(self, later: timedelta = timedelta()) -> dict[str, int]:
        """What the job does, so much later."""
        now = datetime.now(UTC) + later
        with self.shop.app.app_context():
            return {"events": settle_events(now), **look_after_pages(now), "refunds": send_refunds(now)}

    def status(self, order: Any, who: Any) -> str:
        return str(self.shop.get(f"/orders/{order['id']}", who).json["status"])

    def cash(self, order: Any, who: Any) -> dict[str, Any]:
        return dict(self.shop.get(f"/orders/{order['id']}", who).json["cash"])

    def balanced(self) -> None:
        """The ledger proves itself, stock is what its movements say, no hold is open for an order that is over."""
        shop = self.shop
        seals, key = shop.app.extensions["settings"].var / "no-seals", Ed25519PrivateKey.generate().public_key()
        assert shop.run(Login.OWNER, lambda tx: verify_ledger(tx, seals, key)).bad is None
        sums = "(SELECT coalesce(sum(change), 0) FROM stock_movements AS m WHERE m.item_id = s.item_id)"
        assert shop.sql(f"SELECT count(*) FROM stock_items AS s WHERE on_hand <> {sums}") == 0
        held = "SELECT coalesce(sum(points), 0) FROM orders WHERE status = 'awaiting_payment'"
        assert shop.sql("SELECT coalesce(sum(held), 0) FROM ledger.wallets") == shop.sql(held)
        sent = sum(one["amount"] for one in self.stripe.refunds.values() if one["status"] not in ("failed", "canceled"))
        booked = "SELECT coalesce(sum(amount_cents), 0) FROM payment_refunds WHERE status IN ('sent', 'done')"
        assert shop.sql(booked) == sent


@pytest.fixture
def till(shop: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Till]:
    """A mall with an owner, and its Stripe."""
    stand_in = StandIn().start()
    provider = StripeGateway(SECRET_KEY, WEBHOOK_SECRET, stand_in.url, seconds=0.5)
    monkeypatch.setitem(shop.app.extensions, "payment_gateway", provider)
    yield Till(shop, stand_in)
    stand_in.stop()
