"""A member takes one gift of each kind, in a real browser and against the Stripe stand-in: every step adds up."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.browser import Program, Visit, chromium
from tests.journeys.serving import Installation
from tests.journeys.test_counter import at_the_desk, filmed, with_camera
from tests.journeys.test_paying import CASH, served, stripe, until
from tests.stripe_stand_in.server import StandIn

__all__ = ["chromium", "filmed", "served", "stripe", "with_camera"]
pytestmark = pytest.mark.browser
NAMES = {"zh": "保温杯", "en": "Thermos"}


class Books:
    """The member's statement, followed step by step."""

    def __init__(self, member: Program) -> None:
        self.member = member
        self.points = member.points()
        self.lines = len(self._lines())

    def _lines(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.member.get("/me/statement?limit=100")["items"]
        return found

    def moved(self, *points: int) -> None:
        """Since the last look exactly these lines were added, in this order, and they explain the balance."""
        lines = self._lines()
        new = [line["points"] for line in reversed(lines[: len(lines) - self.lines])]
        assert new == list(points)
        self.points, self.lines = self.points + sum(points), len(lines)
        assert self.member.points() == lines[0]["balance_after"] == self.points == sum(line["points"] for line in lines)


def new_gift(owner: Program, kind: str, **more: Any) -> str:
    made = owner.post("/admin/gifts", name=NAMES, kind=kind, points=1, **more)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def redeem(page: Page, served: Installation, gift: str, fill: Callable[[], None] = lambda: None) -> str:
    """From the gift's page to the order's, as a person goes; the order's id."""
    page.goto(f"{served.url}/gifts/{gift}")
    page.click("#act button[type=submit]")
    fill()
    page.locator("#confirm button[type=submit]").click()
    page.wait_for_url("**/orders/ord_*")
    return page.url.rsplit("/", 1)[1]


def advance(owner: Program, order: str, **body: Any) -> None:
    done = owner.post(f"/admin/orders/{order}/advance", **body)
    assert done.status_code == 200, done.text


def test_one_gift_of_each_kind_and_the_statement_adds_up_at_every_step(
    chromium: Browser, served: Installation, stripe: StandIn, with_camera: Callable[[str], Visit]
) -> None:
    owner, member = Program(served.url, "owner", staff=True), Program(served.url, "li_mei")
    books, window = Books(member), Visit(chromium, served.url)
    page = window.sign_in("li_mei", "/me")

    # A delivery gift with two variants: sent, received, given back in part of its price.
    gift = new_gift(owner, "delivery", stock=0)
    small, large = (
        owner.post(f"/admin/gifts/{gift}/variants", name=name, stock=2, points=points).json()["id"]
        for name, points in (("小号", None), ("大号", 2))
    )
    page.goto(f"{served.url}/gifts/{gift}")
    page.get_by_role("radio", name=re.compile("大号")).check()
    page.click("#act button[type=submit]")
    page.wait_for_url(re.compile(f"variant={large}"))
    for field, said in (("name", "李梅"), ("phone", "13800000000"), ("address", "中关村大街 1 号")):
        page.fill(f"[name={field}]", said)
    page.locator("#confirm button[type=submit]").click()
    page.wait_for_url("**/orders/ord_*")
    parcel = page.url.rsplit("/", 1)[1]
    expect(page.locator("main")).to_contain_text("大号")
    books.moved(-2)
    stocks = {one["id"]: one["stock"] for one in member.get(f"/gifts/{gift}")["variants"]}
    assert stocks == {small: 2, large: 1}
    advance(owner, parcel, to="preparing")
    advance(owner, parcel, to="shipped", carrier="SF", tracking="SF123456789012")
    page.reload()
    expect(page.locator("main")).to_contain_text("SF123456789012")
    advance(owner, parcel, to="completed")
    given = owner.post(f"/admin/orders/{parcel}/refunds", points=1, reason="盖子碰伤")
    assert given.status_code == 201, given.text
    books.moved(1)

    # A pickup gift: the member shows the code, the camera at the desk reads it.
    waiting = redeem(page, served, new_gift(owner, "pickup", stock=1))
    books.moved(-1)
    code = "".join(page.locator(".ticket__code span:not(.sr-only)").all_inner_texts())
    desk = at_the_desk(with_camera(code))
    desk.click("#scan")
    desk.click("#give")
    expect(desk.locator(".notice--success")).to_be_visible()
    page.reload()
    expect(page.locator("#status-title")).to_have_text("已完成")
    assert member.get(f"/orders/{waiting}")["status"] == "completed"
    books.moved()

    # A voucher: its code is there at once, and only there.
    gift = new_gift(owner, "voucher")
    sent = owner.http.post(f"/admin/gifts/{gift}/vouchers", content=b"code\nCINEMA-2026-A\n",
                           headers={"Content-Type": "text/csv", "Idempotency-Key": uuid4().hex})  # fmt: skip
    assert sent.status_code in (200, 201), sent.text
    redeem(page, served, gift)
    expect(page.locator(".vouchers code")).to_have_text("CINEMA-2026-A")
    books.moved(-1)

    # Points and cash: paid on Stripe's page, cancelled by the member, both paid back.
    gift = new_gift(owner, "pickup", stock=1, cash=CASH)
    paid = redeem(page, served, gift)
    books.moved(-1)
    page.click("text=支付 ¥19.90")
    page.wait_for_url(f"{stripe.url}/pay/**")
    page.click("button")
    page.wait_for_url(f"{served.url}/orders/{paid}")
    until(lambda: member.get(f"/orders/{paid}")["status"] == "ready_for_pickup")
    books.moved()
    page.reload()
    page.click("details.cancel summary")
    page.click("details.cancel button")
    expect(page.locator("#status-title")).to_have_text("已取消")
    books.moved(1)
    until(lambda: member.get(f"/orders/{paid}")["cash"]["refunded"] == CASH["amount"])
    assert [one["amount"] for one in stripe.refunds.values()] == [CASH["amount"]]
    assert member.get(f"/gifts/{gift}")["stock"] == 1
    assert member.get("/me/balance")["held"] == 0
    verified = served.flask("ledger", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert [trouble for trouble in window.troubles if stripe.url not in trouble] == []
    window.context.close()
