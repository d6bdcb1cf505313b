"""The orders desk: queues and filters, one step for many, the list to pick by, labels, and the list as a file."""

from __future__ import annotations

import csv
import io
import re

import pytest

HOME = {"name": "李梅", "phone": "13800138000", "address": "海淀区中关村大街 1 号"}


@pytest.fixture
def orders(shop):
    """Two parcels and a pickup, in the order they were placed."""
    member = shop.member(1000)
    parcel = shop.gift(100, kind="delivery", name={"zh": "台灯", "en": "Lamp"})
    cup = shop.gift(50, kind="pickup", needs_approval=True, name={"zh": "杯子", "en": "Cup"})
    made = [shop.order(member, parcel, delivery=HOME).json for _ in range(2)]
    return [*made, shop.order(member, cup, quantity=2).json]


def statuses(shop):
    return shop.sql("SELECT array_agg(status ORDER BY id) FROM orders")


def numbers(page):
    return re.findall(r'class="row-link" href="/admin/orders/[^"]+">([^<]+)<', page)


def step(browser, orders, to, **more):
    form = {"orders": [order["id"] for order in orders], "to": to, "back": "/admin/orders?status=confirmed", **more}
    return browser.post("/admin/orders-in-bulk", data=form)


def test_many_orders_move_on_at_once_and_each_refusal_is_told_with_its_reason(shop, desk, orders):
    browser = desk("fulfilment")
    assert statuses(shop) == ["confirmed", "confirmed", "placed"]
    told = step(browser, orders, "preparing")
    assert told.status_code == 200
    assert "Orders moved on: 2." in told.text and "Orders that stay as they were: 1." in told.text
    assert told.text.count(">refused<") == 1
    assert statuses(shop) == ["preparing", "preparing", "placed"]
    again = step(browser, orders[:2], "preparing")
    assert (again.status_code, again.headers["Location"]) == (303, "/admin/orders?status=confirmed")
    assert shop.sql("SELECT count(*) FROM order_history WHERE status = 'preparing'") == 2
    assert shop.sql("SELECT count(*) FROM audit_entries WHERE action = 'order.advanced'") == 2


def test_cancelling_many_needs_a_reason_and_gives_the_points_back(shop, desk, orders):
    browser = desk("fulfilment")
    before = shop.snapshot()
    assert step(browser, orders, "cancelled").headers["Location"] == "/admin/orders"
    assert "Say why: the member is told." in browser.get("/admin/orders").text
    assert browser.post("/admin/orders-in-bulk", data={"to": "preparing"}).headers["Location"] == "/admin/orders"
    assert "Tick the orders first." in browser.get("/admin/orders").text
    assert shop.snapshot() == before
    assert step(browser, orders, "cancelled", reason="Sold out at the maker").status_code == 303
    assert statuses(shop) == ["cancelled"] * 3
    assert shop.sql("SELECT sum(available) FROM ledger.wallets") == 1000


def test_a_step_back_of_one_order_needs_a_reason_at_the_desk_and_keeps_what_was_typed(shop, desk, orders):
    browser, order = desk("fulfilment"), orders[0]["id"]
    there = f"/admin/orders/{order}/advance"
    before = shop.snapshot()
    refused = browser.post(there, data={"to": "cancelled", "reason": "  ", "_key": "first"})
    assert refused.status_code == 422
    assert '<details class="confirm confirm--right" open>' in refused.text
    assert refused.text.count("Say why: the member is told.") == 1 and shop.snapshot() == before
    for to, more in (("preparing", {}), ("shipped", {"tracking": "SF1"})):
        assert browser.post(there, data={"to": to, "_key": to, **more}).status_code == 303
    before = shop.snapshot()
    assert browser.post(there, data={"to": "returned", "_key": "back"}).status_code == 422
    late = browser.post(there, data={"to": "cancelled", "reason": "too late", "_key": "late"})
    assert (late.status_code, shop.snapshot()) == (409, before)
    assert browser.post(there, data={"to": "returned", "reason": "wrong size", "_key": "back"}).status_code == 303
    assert statuses(shop) == ["returned", "confirmed", "placed"]
    lenient = shop.advance(orders[1]["id"], "cancelled")
    assert (lenient.status_code, statuses(shop)[1]) == (200, "cancelled")


def test_programs_move_many_on_too_and_unknown_ids_are_refused_one_by_one(shop, orders):
    staff = shop.staff("fulfilment")
    ids = [orders[0]["id"], "ord_00000000000000000000000000", "nothing"]
    answer = shop.post("/admin/orders/bulk", staff, {"orders": ids, "to": "preparing"})
    assert [(one["order"], one["result"], one.get("code")) for one in answer.json["items"]] == [
        (ids[0], "advanced", None), (ids[1], "refused", "not_found"), (ids[2], "refused", "not_found"),
    ]  # fmt: skip
    again = shop.post("/admin/orders/bulk", staff, {"orders": ids[:1], "to": "preparing"}).json["items"]
    assert again == [{"order": ids[0], "result": "already"}]
    for wrong in ({"orders": []}, {"orders": ["x"] * 101}, {"to": "refunded"}, {"to": "cancelled"}):
        assert shop.post("/admin/orders/bulk", staff, {"orders": ids, "to": "preparing", **wrong}).status_code == 422
    assert shop.post("/admin/orders/bulk", shop.staff("catalog"), {"orders": ids, "to": "preparing"}).status_code == 403


def test_a_queue_shows_the_longest_waiting_first_and_filters_stay_in_the_address(shop, desk, orders):
    browser = desk("fulfilment")
    named = [order["number"] for order in orders]
    assert numbers(browser.get("/admin/orders").text) == named[::-1]
    assert numbers(browser.get("/admin/orders?status=confirmed").text) == named[:2]
    assert numbers(browser.get("/admin/orders?status=confirmed&order=newest").text) == named[1::-1]
    assert numbers(browser.get("/admin/orders?kind=pickup").text) == named[2:]
    assert numbers(browser.get(f"/admin/orders?gift={orders[0]['gift']}").text) == named[1::-1]
    assert numbers(browser.get("/admin/orders?until=2020-01-01").text) == []
    page = browser.get("/admin/orders?from=never&status=confirmed")
    assert page.status_code == 200 and "Must be a date." in page.text
    first = browser.get("/admin/orders?status=confirmed&limit=1").text
    following = re.search(r'href="([^"]*cursor=[^"]+)"', first)[1].replace("&amp;", "&")
    assert numbers(browser.get(following).text) == named[1:2]
    assert 'name="orders"' in first
    assert 'name="orders"' not in desk("auditor").get("/admin/orders").text


def test_the_list_as_a_file_keeps_its_filters_and_what_the_role_may_see(shop, desk, orders):
    def rows(role, query=""):
        answer = desk(role).get(f"/admin/files/orders?{query}")
        assert answer.status_code == 200
        return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))

    heads, *lines = rows("fulfilment", "status=confirmed")
    assert heads[-1] == "Tracking number"
    assert [line[:4] for line in lines] == [[order["number"], "Lamp", "", "1"] for order in orders[:2]]
    heads, *lines = rows("owner")
    assert heads[-2:] == ["Points", "Member"] and [line[-2] for line in lines] == ["100", "100", "100"]
    assert shop.sql("SELECT count(*) FROM audit_entries WHERE action = 'list.exported'") == 2
    assert desk("owner").get("/admin/files/orders?format=pdf").status_code == 422


def test_the_picking_list_adds_up_and_labels_carry_the_address_and_are_noted(shop, desk, orders):
    browser = desk("fulfilment")
    text = browser.get("/admin/picking-list").text
    assert re.search(r"Lamp</th>.*?<b>2</b>", text, re.DOTALL) and "Cup" not in text
    assert browser.get("/admin/picking-list?kind=pickup").text.count("Nothing to pick") == 1
    label = f"/admin/parcel-labels?order={orders[1]['id']}"
    assert f'href="{label}"' in browser.get(f"/admin/orders/{orders[1]['id']}").text
    labels = browser.get(label).text
    assert labels.count('class="label"') == 1 and HOME["address"] in labels and orders[1]["number"] in labels
    assert browser.get("/admin/parcel-labels").text.count('class="label"') == 2
    noted = shop.sql("SELECT detail FROM audit_entries WHERE action = 'orders.labels_printed' ORDER BY id LIMIT 1")
    assert noted == {"orders": [orders[1]["number"]]}
    assert desk("catalog").get("/admin/parcel-labels").status_code == 403
