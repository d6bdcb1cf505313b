"""Points and cash: an order waits for its payment, is confirmed once, expires, is cancelled, is paid back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from browsing import Browser

from catalog.payment.jobs import look_after_payments
from tests.stripe_stand_in.server import Fault

LATE = timedelta(minutes=31)


def test_an_order_with_cash_waits_with_its_points_held_until_stripe_says_it_is_paid(till):
    member, gift = till.shop.member(150), till.gift()
    order = till.order(member, gift, quantity=1)
    assert order["status"] == "awaiting_payment"
    page = till.page(order)
    assert order["cash"]["checkout_url"] == f"{till.stripe.url}/pay/{page}"
    assert (order["cash"]["amount"], order["cash"]["currency"], order["cash"]["status"]) == (1990, "CNY", "open")
    assert till.shop.wallet(member) == {"available": 50, "held": 100, "redeemed": 0, "debt": 0}
    assert till.shop.stock(gift) == 9
    till.stripe.pay(page)
    till.hear_all()
    paid = till.shop.get(f"/orders/{order['id']}", member).json
    assert paid["status"] == "ready_for_pickup"
    assert len(paid["pickup_code"]) == 8
    assert [step["status"] for step in paid["history"]] == [
        "placed", "awaiting_payment", "confirmed", "ready_for_pickup"
    ]  # fmt: skip
    assert (paid["cash"]["status"], paid["cash"]["checkout_url"]) == ("paid", None)
    assert till.shop.wallet(member) == {"available": 50, "held": 0, "redeemed": 100, "debt": 0}
    till.balanced()


def test_stripe_learns_amount_currency_and_order_and_nothing_else(till):
    member, gift = till.shop.member(200), till.gift()
    order = till.order(member, gift, quantity=2)
    page = till.stripe.sessions[till.page(order)]
    assert (page["amount_total"], page["currency"]) == (3980, "cny")
    assert page["client_reference_id"] == order["id"]
    assert page["metadata"] == {"order": order["id"]}
    assert page["cancel_url"].endswith(f"/orders/{order['id']}")
    assert page["success_url"].endswith(f"/orders/{order['id']}/paid")
    assert member.id not in str(page)


def test_who_comes_back_from_paying_is_not_asked_to_pay_again_though_no_message_came(till):
    browser, gift = Browser(till.shop, 100), till.gift()
    order = till.order(browser.member, gift)
    back, button = f"/orders/{order['id']}/paid", f'href="{order["cash"]["checkout_url"]}"'
    assert button in browser.get(f"/orders/{order['id']}")
    till.stripe.faults.append(Fault("checkout/sessions/", "before"))
    assert "no need to pay again" in browser.get(back, follow_redirects=True)  # Stripe is away
    assert till.status(order, browser.member) == "awaiting_payment"
    till.stripe.pay(till.page(order))
    assert Browser(till.shop).client.get(back).status_code == 404  # somebody else's
    for _twice in range(2):
        page = browser.get(back, follow_redirects=True)
        assert "ticket__code" in page and button not in page and "no need to pay again" not in page
    till.hear_all()
    steps = [step["status"] for step in till.shop.get(f"/orders/{order['id']}", browser.member).json["history"]]
    assert steps == ["placed", "awaiting_payment", "confirmed", "ready_for_pickup"]
    till.balanced()


def test_the_same_order_twice_is_one_order_and_one_page(till):
    member, gift = till.shop.member(500), till.gift()
    first = till.shop.order(member, gift, key="one-and-the-same")
    again = till.shop.order(member, gift, key="one-and-the-same")
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json == first.json
    assert len(till.stripe.sessions) == 1


def test_an_order_that_is_not_paid_in_time_expires_after_stripe_has_closed_its_page(till):
    member, gift = till.shop.member(100), till.gift()
    order = till.order(member, gift)
    assert till.work(timedelta(minutes=29))["refunds"] == 0
    assert till.status(order, member) == "awaiting_payment"
    assert till.work(LATE)["expired"] == 1
    assert till.stripe.sessions[till.page(order)]["status"] == "expired"
    assert till.status(order, member) == "expired"
    assert till.shop.wallet(member) == {"available": 100, "held": 0, "redeemed": 0, "debt": 0}
    assert till.shop.stock(gift) == 10
    till.hear_all()
    assert till.work(LATE) == {"events": 0, "refunds": 0}
    till.balanced()


def test_who_has_not_paid_is_told_once_before_the_order_expires_and_who_has_is_not(till):
    member, other, gift = till.shop.member(100), till.shop.member(100), till.gift()
    order, paid = till.order(member, gift), till.order(other, gift)
    till.stripe.pay(till.page(paid))
    till.hear_all()

    def job(minutes):
        with till.shop.app.app_context():
            return look_after_payments(datetime.now(UTC) + timedelta(minutes=minutes)).get("reminded", 0)

    assert [job(minutes) for minutes in (1, 19, 21, 22)] == [0, 0, 1, 0]
    told = [one for one in till.shop.get("/me/notifications", member).json["items"] if one["kind"] == "order.pay_soon"]
    assert [(one["text"].startswith("“Gift” is not paid yet. Pay by "), one["order"]) for one in told] == [
        (True, order["id"])
    ]
    assert "order.pay_soon" not in str(till.shop.get("/me/notifications", other).json)
    till.stripe.pay(till.page(order))
    till.hear_all()
    assert till.status(order, member) == "ready_for_pickup"
    assert till.shop.sql("SELECT sum(reminders) FROM orders") == 0  # it is reminded of collecting as others are
    till.balanced()


def test_a_payment_that_nobody_told_of_is_found_by_asking(till):
    member, gift = till.shop.member(100), till.gift()
    order = till.order(member, gift)
    till.stripe.pay(till.page(order))
    assert till.work(timedelta(seconds=61))["confirmed"] == 1
    assert till.status(order, member) == "ready_for_pickup"
    till.hear_all()
    assert till.shop.wallet(member)["redeemed"] == 100
    till.balanced()


def test_a_payment_found_at_the_very_end_counts(till):
    member, gift = till.shop.member(100), till.gift()
    order = till.order(member, gift)
    till.stripe.pay(till.page(order))
    assert till.work(LATE)["confirmed"] == 1
    assert till.status(order, member) == "ready_for_pickup"
    till.balanced()


def test_a_payment_that_arrives_after_the_order_has_expired_is_paid_back(till):
    member, gift = till.shop.member(100), till.gift()
    order = till.order(member, gift)
    page = till.page(order)
    till.work(LATE)
    till.stripe.sessions[page]["status"] = "open"  # as if paid in the moment in which it was closed
    till.stripe.pay(page)
    till.hear_all()
    assert till.status(order, member) == "refunded"
    assert till.work()["refunds"] == 1
    assert till.cash(order, member)["refunded"] == 1990
    till.hear_all()
    assert till.work()["refunds"] == 0
    assert [one["amount"] for one in till.stripe.refunds.values()] == [1990]
    assert till.shop.wallet(member)["available"] == 100
    till.balanced()


def test_cancelling_before_paying_gives_the_points_back_and_closes_the_page(till):
    member, gift = till.shop.member(100), till.gift()
    order = till.order(member, gift)
    answer = till.shop.post(f"/orders/{order['id']}/cancel", member)
    assert (answer.status_code, answer.json["status"]) == (200, "cancelled")
    assert answer.json["cash"]["checkout_url"] is None
    assert till.shop.wallet(member)["available"] == 100
    assert till.work(timedelta(seconds=11))["over"] == 1
    assert till.stripe.sessions[till.page(order)]["status"] == "expired"
    till.balanced()


def test_cancelling_after_paying_gives_points_and_cash_back(till):
    member, gift = till.shop.member(100), till.gift()
    order = till.order(member, gift)
    till.stripe.pay(till.page(order))
    till.hear_all()
    answer = till.shop.post(f"/orders/{order['id']}/cancel", member)
    assert answer.json["status"] == "cancelled"
    assert (answer.json["cash"]["refunded"], answer.json["cash"]["refunding"]) == (0, 1990)
    assert till.work()["refunds"] == 1
    till.hear_all()
    assert (till.cash(order, member)["refunded"], till.cash(order, member)["refunding"]) == (1990, 0)
    assert till.shop.wallet(member) == {"available": 100, "held": 0, "redeemed": 0, "debt": 0}
    assert till.shop.stock(gift) == 10
    till.balanced()


def test_another_amount_or_currency_than_asked_for_confirms_nothing(till):
    for more in ({"amount": 1}, {"currency": "jpy"}):
        member, gift = till.shop.member(100), till.gift()
        order = till.order(member, gift)
        till.stripe.pay(till.page(order), **more)
        till.hear_all()
        assert till.status(order, member) == "awaiting_payment"
        assert till.cash(order, member)["status"] == "mismatch"
        subject = f"order:{order['id']}"
        found = "SELECT count(*) FROM audit_entries WHERE action = 'payment.mismatch' AND subject = :subject"
        assert till.shop.sql(found, subject=subject) == 1
        till.work(LATE)
        assert till.status(order, member) == "awaiting_payment"
        assert till.shop.advance(order["id"], "cancelled", reason="wrong amount").status_code == 200
        till.work()
        till.balanced()
    assert sorted(one["amount"] for one in till.stripe.refunds.values()) == [1, 1990]


def test_a_payment_that_takes_its_time_is_waited_for(till):
    member, gift = till.shop.member(100), till.gift()
    order = till.order(member, gift)
    page = till.page(order)
    till.stripe.pay(page, later=True)
    till.hear_all()
    assert till.work(LATE)["waiting"] == 1
    assert till.status(order, member) == "awaiting_payment"
    till.stripe.arrive(page)
    till.hear_all()
    assert till.status(order, member) == "ready_for_pickup"
    till.balanced()


def test_what_stripe_has_not_signed_is_refused_and_changes_nothing(till):
    member, gift = till.shop.member(100), till.gift()
    order = till.order(member, gift)
    till.stripe.pay(till.page(order))
    before = till.shop.snapshot()
    event = till.stripe.events[-1]
    post = till.shop.app.test_client().post
    for raw, signature in (
        till.stripe.signed(event, secret="whsec_another"),
        till.stripe.signed(event, at=1_700_000_000),
        (till.stripe.signed(event)[0] + b" ", till.stripe.signed(event)[1]),
        (b"{}", ""),
    ):
        answer = post("/api/v1/stripe/webhook", data=raw, headers={"Stripe-Signature": signature},
                      content_type="application/json")  # fmt: skip
        assert (answer.status_code, answer.json["code"]) == (400, "bad_signature")
    assert till.shop.snapshot() == before
    assert till.shop.sql("SELECT count(*) FROM payment_events") == 0


def test_what_is_kept_of_an_event_names_nobody(till):
    member, gift = till.shop.member(100), till.gift()
    order = till.order(member, gift)
    page = till.stripe.sessions[till.page(order)]
    page["customer_details"] = {"email": "someone@example.com", "name": "Li Lei", "phone": "123"}
    till.stripe.pay(page["id"])
    till.hear_all()
    kept = till.shop.sql("SELECT string_agg(e::text, ' ') FROM payment_events AS e")
    assert order["id"] in kept
    assert "someone@example.com" not in kept and "Li Lei" not in kept


def test_without_a_key_a_gift_with_cash_says_that_it_cannot_be_had(shop):
    member = shop.member(100)
    answer = shop.post("/admin/gifts", shop.owner, {
        "name": "Cup", "kind": "pickup", "points": 10, "stock": 5, "cash": {"amount": 500, "currency": "cny"},
    })  # fmt: skip
    assert answer.json["cash"] == {"amount": 500, "currency": "CNY"}
    assert answer.json["payment"] == "unavailable"
    gift = answer.json["id"]
    quoted = shop.post("/quotes", member, {"gift": gift, "quantity": 2}).json
    assert quoted["cash"] == {"amount": 1000, "currency": "CNY"}
    assert quoted["refusals"][0]["code"] == "payment_unavailable"
    before = shop.snapshot()
    refused = shop.order(member, gift)
    assert (refused.status_code, refused.json["code"]) == (409, "payment_unavailable")
    assert shop.snapshot() == before
    assert shop.get(f"/gifts/{gift}").json["state"] == "upcoming"


def test_another_currency_than_the_malls_is_refused(shop):
    body = {"name": "Cup", "kind": "pickup", "points": 10, "cash": {"amount": 500, "currency": "USD"}}
    answer = shop.post("/admin/gifts", shop.owner, body)
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["cash"])
    for cash in ({"amount": 0, "currency": "CNY"}, {"amount": 1.5, "currency": "CNY"}, {"amount": 5}):
        assert shop.post("/admin/gifts", shop.owner, {**body, "cash": cash}).status_code == 422
    for more in ({"kind": "draw"}, {"cash": 5}):
        body = {"name": "Cup", "kind": "pickup", "points": 10, "cash": {"amount": 500, "currency": "CNY"}, **more}
        assert shop.post("/admin/gifts", shop.owner, body).status_code == 422


def test_staff_give_back_a_part_of_points_and_cash_and_never_more_than_was_paid(till):
    member, gift = till.shop.member(300), till.gift()
    order = till.order(member, gift, quantity=3)
    till.stripe.pay(till.page(order))
    till.hear_all()
    code = till.shop.get(f"/orders/{order['id']}", member).json["pickup_code"]
    assert till.shop.post("/admin/pickups", till.shop.owner, {"code": code}).status_code == 200
    path = f"/admin/orders/{order['id']}/refunds"
    assert till.shop.post(path, till.shop.owner, {"quantity": 1, "reason": "broken"}).status_code == 201
    till.work()
    assert (till.cash(order, member)["refunded"], till.shop.wallet(member)["available"]) == (1990, 100)
    before = till.shop.snapshot()
    more = till.shop.post(path, till.shop.owner, {"points": 1, "cash": 3981, "reason": "too much"})
    assert (more.status_code, more.json["code"], more.json["open_cents"]) == (409, "refund_exceeds_payment", 3980)
    assert till.shop.snapshot() == before
    assert till.shop.post(path, till.shop.owner, {"points": 1, "cash": 5, "reason": "gesture"}).status_code == 201
    assert till.shop.post(path, till.shop.owner, {"reason": "all of it"}).status_code == 201
    till.work()
    assert till.cash(order, member)["refunded"] == 5970
    assert till.shop.wallet(member) == {"available": 300, "held": 0, "redeemed": 0, "debt": 0}
    assert sorted(one["amount"] for one in till.stripe.refunds.values()) == [5, 1990, 3975]
    till.balanced()


def test_a_gift_that_must_be_approved_is_paid_and_then_waits_for_staff(till):
    member, gift = till.shop.member(100), till.gift(needs_approval=True)
    order = till.order(member, gift)
    till.stripe.pay(till.page(order))
    till.hear_all()
    assert till.status(order, member) == "confirmed"
    assert till.shop.advance(order["id"], "ready_for_pickup").status_code == 200
    till.balanced()
