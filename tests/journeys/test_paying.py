"""Points and cash in a real browser and a real installation against the Stripe stand-in; the power goes meanwhile."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.browser import CHROMIUM, NO_CHROMIUM, PASSWORD, Program, Visit, chromium
from tests.journeys.serving import Installation
from tests.journeys.test_kill9 import _kill_everything
from tests.stripe_stand_in.server import SECRET_KEY, WEBHOOK_SECRET, Fault, StandIn

__all__ = ["chromium"]
pytestmark = [pytest.mark.browser, pytest.mark.long]
CASH = {"amount": 1990, "currency": "CNY"}
HOOK = "/api/v1/stripe/webhook"


@pytest.fixture(scope="module")
def stripe() -> Iterator[StandIn]:
    """Stripe, on this machine."""
    found = StandIn().start()
    yield found
    found.stop()


@pytest.fixture(scope="module")
def served(stripe: StandIn) -> Iterator[Installation]:
    """A mall that is paid there, with an owner and a member who has points."""
    place = Installation(STRIPE_SECRET_KEY=SECRET_KEY, STRIPE_WEBHOOK_SECRET=WEBHOOK_SECRET, STRIPE_API_BASE=stripe.url)
    stripe.webhook_url = place.url + HOOK
    try:
        place.start()
        made = place.flask("staff", "create", "owner", "--role", "owner", "--password-stdin", stdin=PASSWORD + "\n")
        assert made.returncode == 0, made.stderr
        joined = httpx.post(f"{place.url}/api/v1/members", json={"username": "li_mei", "password": PASSWORD})
        assert joined.status_code == 201
        assert Program(place.url, "li_mei").post("/me/checkin").status_code == 201
        yield place
    finally:
        place.close()


def gift(served: Installation, stock: int = 5) -> str:
    """A gift for a point and some cash."""
    owner = Program(served.url, "owner", staff=True)
    name = {"zh": "保温杯", "en": "Thermos"}
    made = owner.post("/admin/gifts", name=name, kind="pickup", points=1, stock=stock, cash=CASH)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def until(wanted: Callable[[], Any], seconds: float = 40) -> Any:
    """What ``wanted`` gives once it gives anything."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.HTTPError):
            if found := wanted():
                return found
        time.sleep(0.3)
    raise AssertionError("it did not come to that")


@pytest.mark.browser
def test_a_member_pays_cancels_and_is_paid_back(chromium: Browser, served: Installation, stripe: StandIn) -> None:
    if CHROMIUM is None:
        pytest.skip(NO_CHROMIUM)
    member, wanted = Program(served.url, "li_mei"), gift(served)
    points = member.points()
    window = Visit(chromium, served.url)
    page = window.sign_in("li_mei", f"/gifts/{wanted}")
    expect(page.locator(".price--big")).to_contain_text("19.90")
    page.click("#act button[type=submit]")
    confirm = page.locator("#confirm button[type=submit]")
    expect(confirm).to_have_text("确认并支付 ¥19.90")
    confirm.click()
    page.wait_for_url("**/orders/ord_*")
    expect(page.locator("#status-title")).to_have_text("待支付")
    assert window.accessibility() == []
    order = page.url.rsplit("/", 1)[1]
    assert member.points() == points - 1
    page.click("text=支付 ¥19.90")
    page.wait_for_url(f"{stripe.url}/pay/**")
    page.click("button")
    page.wait_for_url(f"{served.url}/orders/{order}")
    until(lambda: member.get(f"/orders/{order}")["status"] == "ready_for_pickup")
    page.reload()
    expect(page.locator(".ticket__code")).to_be_visible()
    expect(page.locator(".facts--order")).to_contain_text("已付现金")
    assert window.accessibility() == []
    page.click("details.cancel summary")
    page.click("details.cancel button")
    expect(page.locator("#status-title")).to_have_text("已取消")
    until(lambda: member.get(f"/orders/{order}")["cash"]["refunded"] == CASH["amount"])
    page.reload()
    expect(page.locator(".facts--order")).to_contain_text("已退现金")
    assert member.points() == points
    lines = [line["points"] for line in member.get("/me/statement")["items"]]
    assert (lines[:2], sum(lines)) == ([1, -1], points)
    assert [one["amount"] for one in stripe.refunds.values()] == [CASH["amount"]]
    elsewhere = f"another host: {stripe.url}/"
    assert [trouble for trouble in window.troubles if not trouble.startswith(elsewhere)] == []
    window.context.close()


@pytest.mark.crash
def test_the_power_goes_while_a_page_is_made_a_payment_told_and_a_refund_sent(
    served: Installation, stripe: StandIn
) -> None:
    member, wanted = Program(served.url, "li_mei"), gift(served, 1)
    points = member.points()
    stripe.faults.append(Fault("POST /v1/checkout/sessions$", "late", seconds=3))

    def place() -> None:
        with contextlib.suppress(httpx.HTTPError):
            member.post("/orders", gift=wanted, quantity=1)

    before = len(stripe.sessions)
    placing = threading.Thread(target=place)
    placing.start()
    until(lambda: len(stripe.sessions) > before)  # the order stands, the page is made, nobody has written it down
    _kill_everything(served)
    placing.join()
    served.start()
    order = member.get("/me/orders")["items"][0]["id"]
    assert member.points() == points - 1
    until(lambda: member.get(f"/orders/{order}")["cash"]["checkout_url"])
    assert len(stripe.sessions) == before + 1, "the same key gave the same page"
    stripe.webhook_url = None
    stripe.pay(list(stripe.sessions)[-1])
    paid = stripe.events[-1]
    telling = [threading.Thread(target=stripe.send, args=(paid, served.url + HOOK, 200)) for _ in range(8)]
    for thread in telling:
        thread.start()
    time.sleep(0.02)
    _kill_everything(served)
    served.start()
    for thread in telling:
        thread.join()
    until(lambda: member.get(f"/orders/{order}")["status"] == "ready_for_pickup")
    steps = [step["status"] for step in member.get(f"/orders/{order}")["history"]]
    assert steps == ["placed", "awaiting_payment", "confirmed", "ready_for_pickup"]
    assert member.points() == points - 1
    assert member.get("/me/balance")["held"] == 0
    stripe.faults.append(Fault("POST /v1/refunds", "late", seconds=3))
    sent = len(stripe.refunds)
    assert member.post(f"/orders/{order}/cancel").status_code == 200
    until(lambda: len(stripe.refunds) > sent)  # Stripe has made it, nobody has written it down
    _kill_everything(served)
    served.start()
    until(lambda: member.get(f"/orders/{order}")["cash"]["refunded"] == CASH["amount"])
    assert len(stripe.refunds) == sent + 1, "the same key gave the same refund"
    assert (member.points(), member.get(f"/orders/{order}")["status"]) == (points, "cancelled")
    verified = served.flask("ledger", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
