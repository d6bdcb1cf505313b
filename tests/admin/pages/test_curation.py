"""Curating gifts in the back office."""

from __future__ import annotations

import re


def _points(shop, gift):
    return shop.sql("SELECT points FROM gifts WHERE id = :id", id=gift)


def test_price_state_and_stock_are_edited_in_the_list_and_a_second_editor_is_told(shop, desk):
    browser, gift = desk("catalog"), shop.gift(100, stock=10)
    page = browser.get("/admin/gifts?view=edit").text
    seen = re.search(r'name="seen" value="([^"]+)"', page).group(1)
    shop.order(shop.member(100), gift)
    sent = {"seen": seen, "points": "120", "status": "active", "stock_seen": "10", "stock": "15"}
    here = f"/admin/gifts/{gift}/quick"
    assert browser.post(here, data={**sent, "points": "-5"}).status_code == 303
    assert (_points(shop, gift), shop.stock(gift)) == (100, 9)
    back = browser.post(here, data={**sent, "back": "/admin/gifts?view=edit&status=active"})
    assert back.location == "/admin/gifts?view=edit&status=active"
    assert (_points(shop, gift), shop.stock(gift)) == (120, 14)
    late = browser.post(here, data={**sent, "points": "130"}, follow_redirects=True)
    assert "Somebody else" in late.text
    assert (_points(shop, gift), shop.stock(gift)) == (120, 14)
    assert browser.post(here, data={**sent, "back": "//evil.example"}).location.startswith("/admin/gifts")


def test_many_are_changed_at_once_and_each_refusal_is_told(shop, desk):
    browser, url = desk("catalog"), "/admin/gifts-in-bulk"
    tag = shop.post("/admin/tags", shop.owner, {"name": {"zh": "春"}}).json["id"]
    cup, shirt, draw = shop.gift(99), shop.gift(200), shop.gift(10, kind="draw")
    shop.post(f"/admin/gifts/{shirt}/variants", shop.owner, {"name": {"zh": "大"}, "points": 300, "stock": 1})
    assert browser.post(url, data={"act": "price", "percent": "10"}).status_code == 303  # none chosen
    assert browser.post(url, data={"act": "price", "percent": "0", "gifts": [cup]}).status_code == 303
    assert _points(shop, cup) == 99
    assert browser.post(url, data={"act": "price", "percent": "+10%", "gifts": [cup, shirt]}).status_code == 303
    assert (_points(shop, cup), _points(shop, shirt)) == (109, 220)
    assert shop.sql("SELECT points FROM gift_variants") == 330
    assert shop.sql("SELECT from_points FROM gifts WHERE id = :id", id=shirt) == 330
    for _twice in range(2):
        browser.post(url, data={"act": "tag", "tag": tag, "gifts": [cup, shirt]})
    assert shop.sql("SELECT sum(cardinality(tag_ids)) FROM gifts") == 2
    browser.post(url, data={"act": "untag", "tag": tag, "gifts": [cup]})
    assert shop.sql("SELECT sum(cardinality(tag_ids)) FROM gifts") == 1
    browser.post(url, data={"act": "archived", "gifts": [cup, draw]})
    assert shop.sql("SELECT count(*) FROM gifts WHERE status = 'archived'") == 2
    nobody = "gft_" + "0" * 26
    part = browser.post(url, data={"act": "active", "gifts": [cup, nobody]})
    assert part.status_code == 200 and "Gifts changed: 1." in part.text and nobody in part.text
    assert shop.sql("SELECT status FROM gifts WHERE id = :id", id=cup) == "active"
    assert desk("auditor").post(url, data={"act": "draft", "gifts": [cup]}).status_code == 403


def test_a_copy_is_a_draft_that_staff_can_look_at_and_members_cannot(shop, desk):
    browser = desk("catalog")
    gift = shop.gift(100, code="cup", description={"en": "Keeps tea warm."})
    shop.post(f"/admin/gifts/{gift}/variants", shop.owner, {"name": {"zh": "蓝", "en": "Blue"}, "stock": 4})
    made = browser.post(f"/admin/gifts/{gift}/duplicate")
    copy = made.location.rsplit("/", 1)[1]
    assert shop.sql("SELECT status || (code IS NULL) || points FROM gifts WHERE id = :id", id=copy) == "drafttrue100"
    assert shop.sql("SELECT sum(on_hand) FROM stock_items WHERE gift_id = :id", id=copy) == 0
    shown = browser.get(f"/admin/gifts/{copy}/preview").text
    assert "Gift (copy)" in shown and "Keeps tea warm." in shown and "A preview" in shown and "Blue" in shown
    assert shop.get(f"/gifts/{copy}").status_code == 404
    assert "Gift (copy)" in browser.get("/admin/gifts?view=grid").text


def test_a_drawn_gift_has_no_drop(shop):
    gift = shop.gift(10, kind="draw", stock=3)
    drop = {"pieces": 1, "at": "10:00", "first_day": "2098-01-01", "reserve": 1, "waiting_minutes": 10}
    refused = shop.post(f"/admin/gifts/{gift}/drops", shop.owner, drop)
    assert (refused.status_code, refused.json["code"]) == (409, "drop_of_draw")
    assert shop.sql("SELECT count(*) FROM drops") == 0


def test_staff_keep_the_order_that_the_mall_recommends(shop, desk):
    browser = desk("catalog")
    first, second, third = shop.gift(10), shop.gift(10), shop.gift(10)

    def order():
        return [gift["id"] for gift in shop.get("/gifts?sort=recommended").json["items"]]

    assert order() == [third, second, first]
    moved = browser.post(f"/admin/gifts/{first}/move", data={"way": "up", "back": "/admin/gifts?view=order"})
    assert moved.location == f"/admin/gifts?view=order#gift-{first}"
    assert order() == [third, first, second]
    browser.post(f"/admin/gifts/{third}/move", data={"way": "up"})  # it is the first
    browser.post(f"/admin/gifts/{third}/move", data={"way": "down"})
    assert order() == [first, third, second]
    assert f'id="gift-{third}"' in browser.get("/admin/gifts?view=order").text
    assert shop.sql("SELECT count(*) FROM audit_entries WHERE action = 'gift.moved'") == 2
