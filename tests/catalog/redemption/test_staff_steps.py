"""Orders in the hands of staff: steps, codes, addresses, who sees what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from catalog.jobs import destroy_addresses
from catalog.redemption.writer import MESSAGE_TOPICS
from mall.outbox import deliver_due

HOME = {"name": "张三", "phone": "138 0000 0000", "address": "北京市海淀区某路 1 号"}


def test_a_delivery_goes_from_confirmed_to_completed(shop):
    member, gift = shop.member(100), shop.gift(100, kind="delivery")
    order = shop.order(member, gift, delivery=HOME).json["id"]
    worker = shop.staff("fulfilment")
    assert shop.advance(order, "preparing", worker).json["status"] == "preparing"
    assert shop.advance(order, "shipped", worker, tracking="SF123").json["tracking"] == "SF123"
    done = shop.advance(order, "completed", worker, reason="signed for").json
    assert done["status"] == "completed"
    assert done["history"][-1]["reason"] == "signed for"
    seen = shop.get(f"/orders/{order}", member).json
    steps = ["placed", "confirmed", "preparing", "shipped", "completed"]
    assert [step["status"] for step in seen["history"]] == steps
    assert seen["tracking"] == "SF123"
    actions = shop.sql("SELECT array_agg(action ORDER BY id) FROM audit_entries WHERE subject = :s", s=f"order:{order}")
    assert actions == ["order.advanced"] * 3


def test_an_illegal_step_is_refused_with_the_allowed_ones(shop):
    member, gift = shop.member(100), shop.gift(100, kind="delivery")
    order = shop.order(member, gift, delivery=HOME).json["id"]
    before = shop.snapshot()
    answer = shop.advance(order, "completed")
    assert (answer.status_code, answer.json["code"]) == (409, "illegal_transition")
    assert answer.json["allowed"] == ["preparing", "cancelled"]
    tracked = shop.advance(order, "preparing", tracking="SF1")
    assert (tracked.status_code, list(tracked.json["errors"])) == (422, ["tracking"])
    assert shop.advance(order, "nowhere").status_code == 422
    assert shop.advance("ord_" + "0" * 26, "preparing").status_code == 404
    assert shop.snapshot() == before


def test_a_member_cannot_cancel_what_is_being_prepared_but_staff_can(shop):
    member, gift = shop.member(100), shop.gift(100, kind="delivery")
    order = shop.order(member, gift, delivery=HOME).json["id"]
    shop.advance(order, "preparing")
    before = shop.snapshot()
    refused = shop.post(f"/orders/{order}/cancel", member)
    assert (refused.status_code, refused.json["code"], refused.json["allowed"]) == (409, "illegal_transition", [])
    assert refused.json["detail"] == "This order can no longer be cancelled."
    assert shop.snapshot() == before
    assert shop.advance(order, "cancelled", reason="broken").json["status"] == "cancelled"
    assert shop.wallet(member)["available"] == 100
    assert shop.stock(gift) == 10


def test_a_returned_order_is_refunded_and_its_piece_looked_at_first(shop):
    member, gift = shop.member(100), shop.gift(100, kind="delivery")
    order = shop.order(member, gift, delivery=HOME).json["id"]
    for to in ("preparing", "shipped", "returned", "refunded"):
        assert shop.advance(order, to).status_code == 200
    assert shop.wallet(member) == {"available": 100, "held": 0, "redeemed": 0, "debt": 0}
    assert shop.stock(gift) == 9


def test_anothers_order_is_not_found(shop):
    owner, other = shop.member(100), shop.member(100)
    order = shop.order(owner, shop.gift(100)).json["id"]
    assert shop.get(f"/orders/{order}", other).status_code == 404
    before = shop.snapshot()
    assert shop.post(f"/orders/{order}/cancel", other).status_code == 404
    assert shop.snapshot() == before
    for bad in ("ord_" + "0" * 26, "1", "ord_%00"):
        assert shop.get(f"/orders/{bad}", other).status_code == 404
    assert shop.get("/me/orders", other).json == {"items": [], "next_cursor": None}


def test_a_code_is_handed_in_once_in_full_width_digits_too(shop):
    member, gift = shop.member(200), shop.gift(100)
    order = shop.order(member, gift).json
    worker, code = shop.staff("fulfilment"), order["pickup_code"]
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in code)  # as a Chinese keyboard may write it
    answer = shop.post("/admin/pickups", worker, {"code": f"{wide[:4]}\u3000{wide[4:]}"})
    assert answer.status_code == 200
    assert (answer.json["id"], answer.json["status"]) == (order["id"], "completed")
    assert "points" not in answer.json and "member" not in answer.json
    assert [step["by"] for step in answer.json["history"]][:1] == ["member"]
    again = shop.post("/admin/pickups", worker, {"code": code})
    assert (again.status_code, again.json["code"]) == (404, "pickup_code_not_found")
    seen = shop.get(f"/orders/{order['id']}", member).json
    assert seen["status"] == "completed" and "pickup_code" not in seen
    assert shop.post(f"/orders/{order['id']}/cancel", member).status_code == 409


def test_a_cancelled_orders_code_is_worth_nothing(shop):
    member = shop.member(100)
    order = shop.order(member, shop.gift(100)).json
    shop.post(f"/orders/{order['id']}/cancel", member)
    assert shop.post("/admin/pickups", shop.owner, {"code": order["pickup_code"]}).status_code == 404


def test_a_prepared_gift_gets_its_code_when_it_is_ready(shop):
    member = shop.member(100)
    order = shop.order(member, shop.gift(100, needs_preparation=True)).json["id"]
    shop.advance(order, "preparing")
    staff_sees = shop.advance(order, "ready_for_pickup").json
    assert "pickup_code" not in staff_sees
    code = shop.get(f"/orders/{order}", member).json["pickup_code"]
    assert shop.post("/admin/pickups", shop.owner, {"code": code}).json["status"] == "completed"


def test_ten_wrong_codes_close_the_counter_for_good_ones_too(shop):
    order = shop.order(shop.member(100), shop.gift(100)).json
    guesser = shop.staff("fulfilment")
    wrong = f"{(int(order['pickup_code']) + 1) % 10**8:08d}"
    for number in range(10):
        assert shop.post("/admin/pickups", guesser, {"code": wrong if number else "abc"}).status_code == 404
    shut = shop.post("/admin/pickups", guesser, {"code": order["pickup_code"]})
    assert (shut.status_code, shut.json["code"]) == (429, "too_many_codes")
    assert 0 < int(shut.headers["Retry-After"]) <= 901
    colleague = shop.staff("fulfilment")
    assert shop.post("/admin/pickups", colleague, {"code": order["pickup_code"]}).status_code == 200


def test_roles_see_what_their_work_needs(shop):
    member, gift = shop.member(100), shop.gift(100, kind="delivery")
    order = shop.order(member, gift, delivery=HOME).json["id"]
    seen = {
        role: set(shop.get(f"/admin/orders/{order}", shop.staff(role)).json) & {"points", "member", "delivery"}
        for role in ("owner", "fulfilment", "catalog", "auditor")
    }
    assert seen == {
        "owner": {"points", "member", "delivery"},
        "fulfilment": {"delivery"},
        "catalog": {"points"},
        "auditor": {"points", "member"},
    }
    listed = shop.get("/admin/orders?status=confirmed", shop.staff("fulfilment")).json["items"]
    assert [one["id"] for one in listed] == [order]
    assert not set(listed[0]) & {"points", "member", "delivery"}
    assert shop.get("/admin/orders?status=shipped", shop.owner).json["items"] == []
    for role in ("rules",):
        assert shop.get("/admin/orders", shop.staff(role)).status_code == 403
    for role in ("catalog", "auditor", "rules"):
        assert shop.advance(order, "preparing", shop.staff(role)).status_code == 403
    assert shop.get("/admin/orders", member).status_code == 403
    assert shop.get("/admin/orders").status_code == 401


def test_an_address_is_destroyed_thirty_days_after_the_end(shop, app):
    member, gift = shop.member(200), shop.gift(100, kind="delivery")
    ended, going = (shop.order(member, gift, delivery=HOME).json["id"] for _ in range(2))
    shop.advance(ended, "cancelled")
    now = datetime.now(UTC)
    assert destroy_addresses(now + timedelta(days=29)) == {"addresses": 0}
    assert destroy_addresses(now + timedelta(days=31)) == {"addresses": 1}
    assert "delivery" not in shop.get(f"/orders/{ended}", member).json
    assert shop.get(f"/orders/{going}", member).json["delivery"] == HOME
    assert shop.sql("SELECT count(*) FROM address_keys") == shop.sql("SELECT count(*) FROM order_addresses") == 1


def test_messages_and_notices_tell_of_each_step(shop, app):
    member = shop.member(100)
    order = shop.order(member, shop.gift(100, name={"zh": "杯子", "en": "Mug"})).json["id"]
    shop.post(f"/orders/{order}/cancel", member)
    topics = shop.sql("SELECT array_agg(topic ORDER BY id) FROM outbox_messages")
    assert topics == ["order.placed", "order.confirmed", "order.advanced", "order.cancelled"]
    assert set(topics) <= set(MESSAGE_TOPICS)
    deliver_due(datetime.now(UTC))
    assert shop.sql("SELECT max(last_error) FROM outbox_messages") is None
    notices = shop.get("/me/notifications", member).json["items"]
    assert [notice["kind"] for notice in notices] == ["order.cancelled", "order.ready_for_pickup"]
    assert notices[1]["text"] == "“Mug” is ready for pickup."
    assert notices[1]["order"] == order
    assert shop.get("/me/notifications", shop.member()).json["items"] == []


def test_orders_are_listed_newest_first_page_by_page(shop):
    member, gift = shop.member(100), shop.gift(1, stock=10)
    placed = [shop.order(member, gift).json["id"] for _ in range(5)]
    first = shop.get("/me/orders?limit=3", member).json
    rest = shop.get(f"/me/orders?limit=3&cursor={first['next_cursor']}", member).json
    assert [order["id"] for order in first["items"] + rest["items"]] == placed[::-1]
    assert rest["next_cursor"] is None
    assert not any("pickup_code" in order for order in first["items"])
    assert shop.get("/me/orders?cursor=x", member).status_code == 422
