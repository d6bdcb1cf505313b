"""Placing orders: what is paid, what is refused, and that a refusal changes nothing."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from catalog.redemption.place import OrderRequest, place_order
from mall.db import Login

SOON = timedelta(hours=1)
HOME = {"name": "张三", "phone": "138 0000 0000", "address": "北京市海淀区某路 1 号"}


def test_a_pickup_order_is_ready_at_once_with_its_code(shop):
    member, gift = shop.member(250), shop.gift(100, stock=5)
    answer = shop.order(member, gift, 2)
    assert answer.status_code == 201
    body = answer.json
    assert re.fullmatch(r"ord_[0-9a-z]{26}", body["id"])
    assert re.fullmatch(r"R\d{8}-\d{6}", body["number"])
    assert (body["status"], body["gift"], body["quantity"], body["points"]) == ("ready_for_pickup", gift, 2, 200)
    assert [step["status"] for step in body["history"]] == ["placed", "confirmed", "ready_for_pickup"]
    assert re.fullmatch(r"\d{8}", body["pickup_code"])
    assert body["pickup_point"]["name"] == "Haidian Subdistrict Community Service Centre"
    assert body["can_cancel"] is True
    assert shop.get(f"/orders/{body['id']}", member).json == body
    assert shop.wallet(member) == {"available": 50, "held": 0, "redeemed": 200, "debt": 0}
    assert shop.stock(gift) == 3


def test_a_delivery_order_waits_confirmed_and_keeps_its_address_encrypted(shop):
    member, gift = shop.member(100), shop.gift(100, kind="delivery")
    answer = shop.order(member, gift, delivery=HOME)
    assert answer.status_code == 201
    assert answer.json["status"] == "confirmed"
    assert answer.json["delivery"] == HOME
    assert "pickup_code" not in answer.json
    stored = shop.sql("SELECT string_agg(o::text, '') FROM orders AS o")
    box = bytes(shop.sql("SELECT address_box FROM order_addresses"))
    assert "张三" not in stored and "张三".encode() not in box and b"138" not in box
    assert shop.get(f"/orders/{answer.json['id']}", member).json["delivery"] == HOME


def test_a_voucher_order_is_completed_at_once_with_its_codes(shop):
    member, gift = shop.member(300), shop.gift(100, kind="voucher")
    shop.vouchers(gift, "AAA-111", "BBB-222", "CCC-333")
    answer = shop.order(member, gift, 2)
    assert answer.status_code == 201
    assert answer.json["status"] == "completed"
    assert answer.json["voucher_codes"] == ["AAA-111", "BBB-222"]
    assert shop.stock(gift) == 1
    assert shop.sql("SELECT count(*) FROM voucher_codes WHERE order_id IS NULL") == 1
    other = shop.member(100)
    assert shop.order(other, gift).json["voucher_codes"] == ["CCC-333"]
    assert shop.order(shop.member(100), gift).json["code"] == "sold_out"


def test_a_donation_is_completed_at_once(shop):
    answer = shop.order(shop.member(100), shop.gift(100, kind="donation"))
    assert (answer.status_code, answer.json["status"]) == (201, "completed")


def test_a_gift_with_preparation_or_approval_waits_for_staff(shop):
    member = shop.member(300)
    prepared = shop.order(member, shop.gift(100, needs_preparation=True)).json
    approved = shop.order(member, shop.gift(100, needs_approval=True)).json
    assert (prepared["status"], approved["status"]) == ("confirmed", "placed")
    assert "pickup_code" not in prepared and "pickup_code" not in approved


def test_an_approved_voucher_goes_on_by_itself(shop):
    member, gift = shop.member(100), shop.gift(100, kind="voucher", needs_approval=True)
    shop.vouchers(gift, "AAA-111")
    order = shop.order(member, gift).json
    assert order["status"] == "placed" and "voucher_codes" not in order
    assert "voucher_codes" not in shop.get(f"/orders/{order['id']}", member).json
    assert shop.sql("SELECT revealed_at FROM voucher_codes") is None
    assert shop.advance(order["id"], "confirmed").json["status"] == "completed"
    assert shop.get(f"/orders/{order['id']}", member).json["voucher_codes"] == ["AAA-111"]
    assert shop.sql("SELECT revealed_at FROM voucher_codes") is not None


def test_a_cancelled_voucher_that_nobody_saw_goes_back_to_the_pool(shop):
    member, gift = shop.member(100), shop.gift(100, kind="voucher", needs_approval=True)
    shop.vouchers(gift, "AAA-111")
    order = shop.order(member, gift).json["id"]
    assert shop.stock(gift) == 0
    assert shop.post(f"/orders/{order}/cancel", member).json["status"] == "cancelled"
    assert shop.stock(gift) == 1
    assert shop.order(shop.member(100), gift).status_code == 201


def test_the_points_leave_the_lot_that_expires_first_and_come_back_to_it(shop):
    member, gift = shop.member(), shop.gift(150)
    shop.credit(member, 100, timedelta(days=20))
    shop.credit(member, 100, timedelta(days=10))
    lots = "SELECT array_agg(remaining ORDER BY version) FROM ledger.lots"
    order = shop.order(member, gift).json["id"]
    assert shop.sql(lots) == [50, 0]
    assert shop.post(f"/orders/{order}/cancel", member).status_code == 200
    assert shop.sql(lots) == [100, 100]
    assert shop.wallet(member) == {"available": 200, "held": 0, "redeemed": 0, "debt": 0}
    assert shop.stock(gift) == 10


def _refused(shop: Any, member: Any, gift: str, code: str, quantity: int = 1, status: int = 409, **more: Any) -> dict:
    before = shop.snapshot()
    answer = shop.order(member, gift, quantity, **more)
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.json
    assert answer.content_type == "application/problem+json"
    assert shop.snapshot() == before
    return answer.json


def test_too_few_points_say_how_many_are_missing(shop):
    member, gift = shop.member(99), shop.gift(100)
    assert _refused(shop, member, gift, "insufficient_points")["missing"] == 1
    assert _refused(shop, member, gift, "insufficient_points", 3)["missing"] == 201


def test_debt_blocks_redeeming(shop):
    member = shop.member(10)
    shop.claw_back(member, 15)
    assert _refused(shop, member, shop.gift(1), "in_debt")["debt"] == 5


def test_nothing_in_stock_is_sold_out(shop):
    member = shop.member(1000)
    assert _refused(shop, member, shop.gift(1, stock=0), "sold_out")["left"] == 0
    assert _refused(shop, member, shop.gift(1, stock=2), "sold_out", 3)["left"] == 2


@pytest.mark.parametrize("period", ["day", "week", "month", "year", "total"])
def test_a_limit_counts_pieces_and_gives_room_back(shop, period):
    member = shop.member(1000)
    gift = shop.gift(1, limits=[{"per": "member", "period": period, "quantity": 3}])
    order = shop.order(member, gift, 2).json["id"]
    refused = _refused(shop, member, gift, "limit_reached", 2)
    assert (refused["period"], refused["quantity"], refused["left"]) == (period, 3, 1)
    assert shop.post(f"/orders/{order}/cancel", member).status_code == 200
    assert shop.order(member, gift, 3).status_code == 201
    assert shop.order(shop.member(1000), gift, 3).status_code == 201


def test_a_limit_by_the_day_is_over_the_next_day(shop, run):
    member = shop.member(1000)
    gift = shop.gift(1, limits=[{"per": "member", "period": "day", "quantity": 1}])
    assert shop.order(member, gift).status_code == 201
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    placed = run(Login.REDEMPTION, lambda tx: place_order(tx, member.id, OrderRequest(gift), tomorrow))
    assert placed.status == "ready_for_pickup"


def test_a_gift_is_sold_within_its_dates_only(shop):
    member, now = shop.member(1000), datetime.now(UTC)
    begins = (now + SOON).isoformat()
    assert _refused(shop, member, shop.gift(1, on_sale_from=begins), "not_on_sale")["on_sale_from"] == begins
    _refused(shop, member, shop.gift(1, on_sale_until=(now - SOON).isoformat()), "not_on_sale")
    _refused(shop, member, shop.gift(1, status="archived"), "not_on_sale")
    _refused(shop, member, shop.gift(1, kind="draw"), "not_on_sale")
    _refused(shop, member, shop.gift(1, status="draft"), "not_found", status=404)
    _refused(shop, member, shop.gift(1, visible_from=begins), "not_found", status=404)
    window = {"on_sale_from": (now - SOON).isoformat(), "on_sale_until": (now + SOON).isoformat()}
    assert shop.order(member, shop.gift(1, **window)).status_code == 201


def test_a_gift_for_higher_levels_is_refused_below(shop):
    member, gift = shop.member(1000), shop.gift(1, min_level=2)
    assert _refused(shop, member, gift, "not_eligible")["min_level"] == 2
    shop.write("INSERT INTO standings (member_id, public_points) VALUES (:id, 100)", id=member.id)
    assert shop.order(member, gift).status_code == 201


def test_a_suspended_member_is_forbidden(shop):
    member, gift = shop.member(100), shop.gift(100)
    shop.write("UPDATE members SET status = 'suspended' WHERE id = :id", id=member.id)
    _refused(shop, member, gift, "forbidden", status=403)


def test_unknown_ids_are_not_found(shop):
    member, gift = shop.member(100), shop.gift(100)
    unknown = gift[:-1] + ("0" if gift[-1] != "0" else "1")
    for bad in (unknown, "gft_x", "1", "%", "../x"):
        _refused(shop, member, bad, "not_found", status=404)
    _refused(shop, member, gift, "not_found", status=404, variant=unknown.replace("gft", "var"))
    _refused(shop, member, gift, "not_found", status=404, pickup_point=unknown.replace("gft", "pup"))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"quantity": 0}, "quantity"), ({"quantity": -1}, "quantity"), ({"quantity": 1.5}, "quantity"),
        ({"quantity": "1"}, "quantity"), ({"quantity": True}, "quantity"), ({"quantity": 2**63}, "quantity"),
        ({"quantity": None}, "quantity"), ({"quantity": 101}, "quantity"), ({"gift": None}, "gift"),
        ({"gift": 5}, "gift"), ({"gift": "a\x00b"}, "gift"), ({"gift": ""}, "gift"), ({"points": 1}, "points"),
        ({"member": "x"}, "member"), ({"delivery": HOME}, "delivery"), ({"delivery": "home"}, "delivery"),
        ({"variant": ""}, "variant"), ({"pickup_point": 1}, "pickup_point"),
    ],
)  # fmt: skip
def test_a_bad_field_is_named(shop, body, field):
    member, gift = shop.member(100), shop.gift(100)
    before = shop.snapshot()
    answer = shop.post("/orders", member, {"gift": gift, "quantity": 1, **body})
    assert answer.status_code == 422
    assert [name.split(".")[0] for name in answer.json["errors"]] == [field]
    assert shop.snapshot() == before


@pytest.mark.parametrize(
    ("delivery", "field"),
    [
        (None, "delivery"),
        ({**HOME, "phone": "x"}, "delivery.phone"),
        ({**HOME, "name": ""}, "delivery.name"),
        ({**HOME, "address": "a\x00bcd"}, "delivery.address"),
        ({"name": "A", "phone": "12345"}, "delivery.address"),
        ({**HOME, "zip": "1"}, "delivery.zip"),
    ],
)
def test_a_bad_address_is_named(shop, delivery, field):
    member, gift = shop.member(100), shop.gift(100, kind="delivery")
    before = shop.snapshot()
    answer = shop.order(member, gift, **({} if delivery is None else {"delivery": delivery}))
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [field]
    assert shop.snapshot() == before


def test_one_key_is_one_order(shop):
    member, gift = shop.member(300), shop.gift(100)
    first = shop.order(member, gift, key="same")
    again = shop.order(member, gift, key="same")
    assert again.status_code == 201
    assert again.data == first.data
    assert again.headers["Idempotency-Replayed"] == "true"
    other = shop.order(member, gift, 2, key="same")
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")
    assert shop.wallet(member)["available"] == 200
    missing = shop.app.test_client().post("/api/v1/orders", json={"gift": gift}, headers=member.auth)
    assert (missing.status_code, missing.json["code"]) == (400, "idempotency_key_missing")


def test_a_quote_tells_every_reason_at_once_and_changes_nothing(shop):
    member = shop.member(30)
    begins = (datetime.now(UTC) + SOON).isoformat()
    limits = [{"per": "member", "period": "total", "quantity": 1}]
    gift = shop.gift(100, stock=1, on_sale_from=begins, min_level=2, limits=limits)
    before = shop.snapshot()
    answer = shop.post("/quotes", member, {"gift": gift, "quantity": 2})
    assert answer.status_code == 200
    body = answer.json
    codes = ["not_on_sale", "not_eligible", "sold_out", "limit_reached", "insufficient_points"]
    assert [reason["code"] for reason in body["refusals"]] == codes
    figures = ("unit_points", "points", "available", "points_after", "missing_points")
    assert [body[name] for name in figures] == [100, 200, 30, -170, 170]
    assert shop.snapshot() == before
    fine = shop.post("/quotes", shop.member(100), {"gift": shop.gift(100), "quantity": 1}).json
    assert (fine["refusals"], fine["points_after"], fine["quantity"]) == ([], 0, 1)


def test_a_variant_has_its_own_price_and_stock(shop):
    member, gift = shop.member(1000), shop.gift(100, stock=0)
    white, red = (
        shop.post(f"/admin/gifts/{gift}/variants", shop.owner, body).json["id"]
        for body in ({"name": "White", "stock": 1}, {"name": "Red", "points": 250, "stock": 2})
    )
    _refused(shop, member, gift, "invalid_fields", status=422)
    order = shop.order(member, gift, variant=red)
    assert (order.status_code, order.json["points"], order.json["variant"]) == (201, 250, "Red")
    assert (shop.stock(white), shop.stock(red)) == (1, 1)
    assert shop.get(f"/gifts/{gift}").json["stock"] == 2
    _refused(shop, member, shop.gift(1), "not_found", status=404, variant=red)


def test_placing_needs_no_login_that_reads_sources(shop, run):
    member, gift = shop.member(100), shop.gift(100)

    def work(tx):
        placed = place_order(tx, member.id, OrderRequest(gift), datetime.now(UTC))
        with pytest.raises(ProgrammingError, match="permission denied"), tx.begin_nested():
            tx.execute(text("SELECT 1 FROM sources.credit_events"))
        return placed

    assert run(Login.REDEMPTION, work).status == "ready_for_pickup"


def test_order_numbers_differ_and_do_not_count_up(shop):
    member, gift = shop.member(100), shop.gift(1, stock=100)
    numbers = [int(shop.order(member, gift).json["number"][-6:]) for _ in range(20)]
    assert len(set(numbers)) == 20
    assert sorted(numbers) != numbers


def test_a_repeat_gets_its_answer_although_the_gift_has_sold_out(shop):
    member, gift = shop.member(100), shop.gift(100, stock=1)
    first = shop.order(member, gift, key="mine")
    assert _refused(shop, member, gift, "sold_out")["left"] == 0
    again = shop.order(member, gift, key="mine")
    assert (again.status_code, again.data) == (201, first.data)
