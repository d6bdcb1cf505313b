"""The orders desk gives points and cash back, and says what is the matter with a payment."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from tests.catalog.payment.conftest import till

__all__ = ["till"]


def _had(till: Any, quantity: int = 3) -> tuple[Any, str]:
    """A member who paid for some pieces with points and cash and has collected them."""
    shop = till.shop
    member, gift = shop.member(100 * quantity), till.gift()
    order = till.order(member, gift, quantity=quantity)
    till.stripe.pay(till.page(order))
    till.hear_all()
    code = shop.get(f"/orders/{order['id']}", member).json["pickup_code"]
    assert shop.post("/admin/pickups", shop.owner, {"code": code}).status_code == 200
    return member, order["id"]


def _give(browser: Any, order: str, share: str, **more: str) -> Any:
    sent = {"share": share, "why": "broken", "_key": uuid4().hex, **more}
    return browser.post(f"/admin/orders/{order}/refund", data=sent)


def test_a_piece_some_points_some_cash_and_then_the_rest_go_back(till: Any, desk: Any) -> None:
    member, order = _had(till)
    browser = desk("owner")
    page = browser.get(f"/admin/orders/{order}").text
    assert "¥59.70" in page or "CN¥59.70" in page
    for share, more, points, cash in (
        ("quantity", {"quantity": "1"}, 100, 1990),
        ("points", {"points": "40", "cash": "0"}, 140, 1990),
        ("cash", {"cash": "0.10"}, 140, 2000),
        ("all", {}, 300, 5970),
    ):
        answer = _give(browser, order, share, **more)
        assert (answer.status_code, answer.headers.get("Location")) == (303, f"/admin/orders/{order}"), answer.text
        till.work()
        assert (till.shop.wallet(member)["available"], sum(one["amount"] for one in till.stripe.refunds.values())) == (
            points,
            cash,
        )
    told = "SELECT array_agg(detail->'cash' ORDER BY id) FROM audit_entries WHERE action = 'order.refunded'"
    assert till.shop.sql(told) == [1990, None, 10, 3970]
    assert 'id="refund"' not in browser.get(f"/admin/orders/{order}").text
    till.balanced()


def test_what_does_not_fit_comes_back_as_it_was_filled_in_and_changes_nothing(till: Any, desk: Any) -> None:
    _member, order = _had(till)
    browser, before = desk("owner", lang="en"), till.shop.snapshot()
    for share, more, told, status in (
        ("", {}, "Please choose one.", 422),
        ("quantity", {}, "Please say how many.", 422),
        ("quantity", {"quantity": "two"}, "Must be a whole number.", 422),
        ("quantity", {"quantity": "4"}, "More than is left to give back.", 409),
        ("points", {"points": "301"}, "More than is left to give back.", 409),
        ("cash", {"cash": "0"}, "Please say how much.", 422),
        ("cash", {"cash": "19.999"}, "Must be an amount such as 19.90.", 422),
        ("cash", {"cash": "１９"}, "Must be an amount such as 19.90.", 422),
        ("cash", {"cash": "1e9"}, "Must be an amount", 422),
        ("cash", {"cash": "59.71"}, "More than was paid", 409),
        ("all", {"why": " "}, "required", 422),
    ):
        answer = _give(browser, order, share, **more)
        assert (answer.status_code, told in answer.text) == (status, True), (share, more, answer.status_code)
        assert all(f'value="{text}"' in answer.text for name, text in more.items() if name != "why")
    assert till.shop.snapshot() == before
    assert till.shop.sql("SELECT count(*) FROM payment_refunds") == 0


def test_cash_alone_leaves_the_points_and_an_order_without_cash_gives_none(till: Any) -> None:
    member, order = _had(till, 1)
    path = f"/admin/orders/{order}/refunds"
    assert till.shop.post(path, till.shop.owner, {"cash": 90, "reason": "late"}).status_code == 201
    till.work()
    assert (till.cash({"id": order}, member)["refunded"], till.shop.wallet(member)["available"]) == (90, 0)
    plain = till.shop.order(member := till.shop.member(10), till.shop.gift(10)).json
    till.shop.post("/admin/pickups", till.shop.owner, {"code": plain["pickup_code"]})
    for body in ({"cash": 5}, {"cash": 5, "points": 1}):
        refused = till.shop.post(f"/admin/orders/{plain['id']}/refunds", till.shop.owner, {"reason": "x", **body})
        assert (refused.status_code, refused.json["code"]) == (409, "refund_exceeds_payment")
    assert till.shop.wallet(member)["available"] == 0


def test_the_desk_that_packs_sees_no_figures_and_gives_back_pieces_alone(till: Any, desk: Any) -> None:
    _member, order = _had(till)
    browser = desk("fulfilment")
    page = browser.get(f"/admin/orders/{order}").text
    assert "59.70" not in page and 'name="points"' not in page and 'name="cash"' not in page
    assert "Paid" in page
    assert _give(browser, order, "points", points="1").status_code == 403
    assert _give(browser, order, "quantity", quantity="1").status_code == 303


def test_a_dispute_and_a_wrong_amount_are_said_on_the_order(till: Any, desk: Any) -> None:
    member, gift = till.shop.member(200), till.gift()
    wrong, contested = till.order(member, gift), till.order(member, gift)
    till.stripe.pay(till.page(wrong), amount=1)
    till.stripe.pay(till.page(contested))
    till.stripe.contest(till.stripe.sessions[till.page(contested)]["payment_intent"])
    till.hear_all()
    browser = desk("owner")
    page = browser.get(f"/admin/orders/{wrong['id']}").text
    assert "What was paid is not what was asked for" in page and "0.01" in page
    assert "The payment is disputed" in browser.get(f"/admin/orders/{contested['id']}").text
