"""The desk at a pickup point, as a phone without scripts gets it."""

from __future__ import annotations

import json
import re
import threading

import pytest

GIFT = {"zh": "保温杯", "en": "Thermos"}


@pytest.fixture
def waiting(shop):
    """Places an order to be collected; returns (id, number, code)."""

    def place():
        order = shop.order(shop.member(100), shop.gift(100, name=GIFT)).json
        return order["id"], order["number"], order["pickup_code"]

    return place


def key_of(page):
    return re.search(r'name="_key" value="([^"]+)"', page).group(1)


def status(shop, order):
    return shop.sql("SELECT status FROM orders WHERE id = :id", id=order)


def test_a_code_shows_the_gift_and_is_handed_over_and_the_next_can_come(shop, desk, waiting):
    browser = desk("fulfilment")
    (first, number, code), (second, _, other) = waiting(), waiting()
    page = browser.post("/admin/desk", data={"code": f"{code[:4]} {code[4:]}"}).text
    assert "Thermos" in page and number in page and "Hand it over" in page
    assert status(shop, first) == "ready_for_pickup"
    done = browser.post("/admin/desk/hand-over", data={"code": code, "_key": key_of(page)})
    assert done.status_code == 303 and done.location == f"/admin/desk?done={number}"
    ready = browser.get(done.location).text
    assert "Handed over" in ready and 'id="code"' in ready and "autofocus" in ready
    assert status(shop, first) == "completed"
    page = browser.post("/admin/desk", data={"code": other}).text
    browser.post("/admin/desk/hand-over", data={"code": other, "_key": key_of(page)})
    assert status(shop, second) == "completed"
    assert shop.sql("SELECT count(*) FROM audit_entries WHERE action = 'order.collected'") == 2


def test_the_desk_says_when_the_point_is_closed_and_hands_over_all_the_same(shop, desk, waiting):
    order, _number, code = waiting()
    browser, point = desk("fulfilment"), shop.sql("SELECT pickup_point_id FROM orders WHERE id = :id", id=order)
    always, never = [[["00:00", "24:00"]]] * 7, [[]] * 7
    for week, told in ((always, False), (never, True)):
        stored = json.dumps({"week": week, "except": {}})
        shop.write("UPDATE pickup_points SET opening = cast(:o AS jsonb) WHERE id = :id", o=stored, id=point)
        page = browser.post("/admin/desk", data={"code": code}).text
        assert (">Closed<" in page) is told
    browser.post("/admin/desk/hand-over", data={"code": code, "_key": key_of(page)})
    assert status(shop, order) == "completed"


def test_the_desk_sees_neither_points_nor_member(shop, desk, waiting):
    member = shop.member(7777)
    order = shop.order(member, shop.gift(7777, name=GIFT)).json
    page = desk("fulfilment").post("/admin/desk", data={"code": order["pickup_code"]}).text
    assert member.id not in page and "7,777" not in page and "7777" not in page.replace(order["pickup_code"], "")


@pytest.mark.parametrize("code", ["00000000", "123", "", "abcdefgh", "１２３４５６７８", "x" * 500])
def test_a_code_that_nothing_waits_for_is_said_plainly_and_changes_nothing(shop, desk, waiting, code):
    waiting()
    browser, before = desk("fulfilment"), shop.snapshot()
    answer = browser.post("/admin/desk", data={"code": code})
    assert answer.status_code == 200 and "No order waits for this code." in answer.text
    assert browser.post("/admin/desk/hand-over", data={"code": code, "_key": "k"}).status_code == 200
    assert shop.snapshot() == before


def test_guessing_ends_after_ten_misses_even_with_the_right_code(shop, desk, waiting):
    browser = desk("fulfilment")
    order, _, code = waiting()
    for _ in range(10):
        assert "No order waits" in browser.post("/admin/desk", data={"code": "00000001"}).text
    page = browser.post("/admin/desk", data={"code": code}).text
    assert "Too many wrong codes." in page and "Try again in 15 minutes." in page and "Thermos" not in page
    again = browser.post("/admin/desk/hand-over", data={"code": code, "_key": "k"}).text
    assert "Too many wrong codes." in again and status(shop, order) == "ready_for_pickup"
    other = desk("fulfilment")
    assert "Thermos" in other.post("/admin/desk", data={"code": code}).text


def test_the_same_code_again_is_told_to_who_handed_it_over_and_to_nobody_else(shop, desk, waiting):
    browser = desk("fulfilment")
    _, _, code = waiting()
    browser.post("/admin/desk/hand-over", data={"code": code, "_key": "k"})
    assert "Handed over already" in browser.post("/admin/desk", data={"code": code}).text
    assert shop.sql("SELECT coalesce(max(cardinality(missed_at)), 0) FROM pickup_misses") == 0
    assert "No order waits" in desk("fulfilment").post("/admin/desk", data={"code": code}).text


def test_pressing_twice_is_one_hand_over(shop, desk, waiting):
    browser = desk("fulfilment")
    order, number, code = waiting()
    form = {"code": code, "_key": "pressed"}
    first, again = (browser.post("/admin/desk/hand-over", data=form) for _ in range(2))
    assert first.location == again.location == f"/admin/desk?done={number}"
    assert shop.sql("SELECT count(*) FROM order_history WHERE order_id = :id AND status = 'completed'", id=order) == 1


def test_one_code_scanned_at_many_desks_at_once_is_handed_over_once(shop, desk, waiting):
    order, _, code = waiting()
    browsers = [desk("fulfilment") for _ in range(6)]
    barrier, answers = threading.Barrier(6), []

    def press(browser, place):
        barrier.wait()
        answers.append(browser.post("/admin/desk/hand-over", data={"code": code, "_key": f"key-{place}"}).status_code)

    threads = [threading.Thread(target=press, args=(browser, place)) for place, browser in enumerate(browsers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200] * 5 + [303]
    assert shop.sql("SELECT count(*) FROM order_history WHERE order_id = :id AND status = 'completed'", id=order) == 1


def test_a_cancelled_order_is_not_handed_over(shop, desk, waiting):
    order, _, code = waiting()
    shop.advance(order, "cancelled")
    assert "No order waits" in desk("fulfilment").post("/admin/desk", data={"code": code}).text


def test_only_the_desk_may_ask_for_the_camera(shop, desk, client):
    browser = desk("fulfilment")
    assert browser.get("/admin/desk").headers["Permissions-Policy"].startswith("camera=(self)")
    assert browser.post("/admin/desk", data={"code": "1"}).headers["Permissions-Policy"].startswith("camera=(self)")
    for path in ("/", "/admin/sign-in", "/api/v1/gifts"):
        assert client.get(path).headers["Permissions-Policy"].startswith("camera=()")


def test_the_short_address_leads_to_the_desk_and_strangers_sign_in_first(client):
    assert client.get("/desk").location == "/admin/desk"
    assert client.get("/admin/desk").location == "/admin/sign-in?next=%2Fadmin%2Fdesk"
