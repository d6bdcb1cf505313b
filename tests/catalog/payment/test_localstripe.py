"""A second opinion: ``localstripe``, written by others, agrees with the stand-in where it knows what the mall asks for.

It knows no Checkout Sessions and no idempotency keys; payments, refunds and signed messages it does.
"""

from __future__ import annotations

import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator

import httpx
import pytest

from catalog.payment.gateway import BadEvent, RefundWanted, Refused
from catalog.payment.stripe_gateway import StripeGateway
from tests.mall.server import free_port, until
from tests.stripe_stand_in.server import SECRET_KEY, StandIn

SECRET = "whsec_second_opinion"
CARD = {"number": "4242424242424242", "exp_month": "12", "exp_year": "2030", "cvc": "123"}


@pytest.fixture(scope="module")
def other() -> Iterator[httpx.Client]:
    """localstripe in a process of its own, and somebody who calls it."""
    url = f"http://127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "localstripe", "--from-scratch", "--port", url.rpartition(":")[2]]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {SECRET_KEY}"}) as client:

        def answers() -> bool:
            try:
                return client.get("/v1/payment_intents").status_code == 200
            except httpx.HTTPError:
                return False

        until(answers, "localstripe answers")
        yield client
    process.terminate()
    process.wait(20)


def paid(other: httpx.Client, amount: int = 1990) -> str:
    """A payment that has gone through; its id."""
    method = other.post("/v1/payment_methods", data={"type": "card", **{f"card[{k}]": v for k, v in CARD.items()}})
    assert method.status_code == 200, method.text
    wanted = {"amount": amount, "currency": "cny", "payment_method": method.json()["id"], "confirm": "true"}
    made = other.post("/v1/payment_intents", data=wanted)
    assert (made.status_code, made.json()["status"]) == (200, "succeeded"), made.text
    return str(made.json()["id"])


def test_refunds_in_parts_are_what_the_stand_in_says_they_are(other: httpx.Client) -> None:
    gateway, intent = StripeGateway(SECRET_KEY, None, str(other.base_url)), paid(other)
    for number, amount in ((1, 990), (2, 1000)):
        made = gateway.refund(RefundWanted(f"rfd_{number}", 1, intent, amount))
        assert (made.refund_id, made.status, made.amount_cents) == (f"rfd_{number}", "succeeded", amount)
    found = gateway.refunds_of(intent)
    assert sorted((one.refund_id, one.amount_cents) for one in found) == [("rfd_1", 990), ("rfd_2", 1000)]


def test_what_is_refused_there_is_refused_by_the_stand_in(other: httpx.Client) -> None:
    stand_in = StandIn().start()
    try:
        for base in (str(other.base_url), stand_in.url):
            gateway = StripeGateway(SECRET_KEY, None, base)
            with pytest.raises(Refused, match="404"):
                gateway.refund(RefundWanted("rfd_9", 1, "pi_nobody", 100))
            with pytest.raises(Refused, match="404"):
                gateway.session("cs_nobody")
    finally:
        stand_in.stop()


def test_its_signed_messages_are_believed_and_others_are_not(other: httpx.Client) -> None:
    heard: list[tuple[bytes, str]] = []

    class Ear(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.append((body, self.headers["Stripe-Signature"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ear) as ear:
        threading.Thread(target=ear.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        url = f"http://127.0.0.1:{ear.server_address[1]}/hook"
        told = other.post("/_config/webhooks/mall", json={"url": url, "secret": SECRET})
        assert told.status_code == 200, told.text
        paid(other)
        until(lambda: heard, "localstripe sends a message")
        ear.shutdown()
    body, signature = heard[0]
    event = StripeGateway(SECRET_KEY, SECRET).read_event(body, signature)
    assert event.id.startswith("evt_")
    for wrong_body, secret in ((body + b" ", SECRET), (body, "whsec_other")):
        with pytest.raises(BadEvent):
            StripeGateway(SECRET_KEY, secret).read_event(wrong_body, signature)
