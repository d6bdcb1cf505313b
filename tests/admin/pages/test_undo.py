"""What staff have just done can be taken back for ten minutes, by them alone, unless somebody has changed it since."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from mall import clock


def undo_of(page):
    """Where the button beside the message leads."""
    return re.search(r'action="(/admin/undo/[^"]+)"', page)[1]


def terms(shop, *gifts):
    return [
        tuple(shop.sql("SELECT status || ' ' || points FROM gifts WHERE id = :g", g=gift).split()) for gift in gifts
    ]


def bulk(browser, *gifts, **fields):
    return browser.post(
        "/admin/gifts-in-bulk", data={"gifts": list(gifts), "back": "/admin/gifts?status=active", **fields}
    )


def test_many_gifts_archived_at_once_come_back_and_only_once(shop, desk):
    lamp, bag = shop.gift(100), shop.gift(250)
    browser = desk("catalog")
    assert bulk(browser, lamp, bag, act="archived").status_code == 303
    assert terms(shop, lamp, bag) == [("archived", "100"), ("archived", "250")]
    path = undo_of(browser.get("/admin/gifts").text)
    assert "too late" in desk("catalog").post(path, follow_redirects=True).text  # not theirs
    assert terms(shop, lamp, bag) == [("archived", "100"), ("archived", "250")]
    answer = browser.post(path)
    assert answer.headers["Location"] == "/admin/gifts?status=active"
    assert terms(shop, lamp, bag) == [("active", "100"), ("active", "250")]
    assert "too late" in browser.post(path, follow_redirects=True).text


def test_what_somebody_has_changed_meanwhile_stays(shop, desk):
    lamp, bag = shop.gift(100), shop.gift(200)
    browser = desk("catalog")
    bulk(browser, lamp, bag, act="price", percent="10")
    assert terms(shop, lamp, bag) == [("active", "110"), ("active", "220")]
    bulk(desk("catalog"), bag, act="price", percent="50")
    path = undo_of(browser.get("/admin/gifts").text)
    assert "left as it is: 1." in browser.post(path, follow_redirects=True).text
    assert terms(shop, lamp, bag) == [("active", "100"), ("active", "330")]


def test_a_price_and_a_count_in_the_list_come_back_within_ten_minutes(shop, desk, monkeypatch):
    lamp = shop.gift(100, stock=7)
    browser = desk("catalog")
    seen = shop.sql("SELECT updated_at FROM gifts WHERE id = :g", g=lamp).isoformat()
    data = {"points": "90", "status": "active", "stock": "5", "stock_seen": "7", "seen": seen, "back": "/admin/gifts"}
    browser.post(f"/admin/gifts/{lamp}/quick", data=data)
    assert (terms(shop, lamp), shop.stock(lamp)) == ([("active", "90")], 5)
    path = undo_of(browser.get("/admin/gifts").text)
    with monkeypatch.context() as later:
        moment = datetime.now(UTC) + timedelta(minutes=11)
        later.setattr(clock, "now", lambda: moment)
        assert "too late" in browser.post(path, follow_redirects=True).text
    assert "Undone" in browser.post(path, follow_redirects=True).text
    assert (terms(shop, lamp), shop.stock(lamp)) == ([("active", "100")], 7)


def test_a_dragged_order_is_saved_in_one_step_and_never_over_somebody_elses(shop, desk):
    def standing():
        return re.findall(r'<tr data-id="([^"]+)"', browser.get("/admin/gifts?view=order").text)

    gifts = [shop.gift() for _ in range(4)]
    browser, other = desk("catalog"), desk("catalog")
    before = standing()
    assert before == gifts[::-1]
    wanted = [before[2], before[0], before[1], before[3]]
    data = {"seen": before, "ids": wanted, "back": "/admin/gifts?view=order"}
    assert browser.post("/admin/in-order/gift", data=data).status_code == 303
    told = browser.get("/admin/gifts?view=order").text
    assert "The new order is saved." in told and standing() == wanted
    refused = other.post("/admin/in-order/gift", data=data, follow_redirects=True).text
    assert "Somebody else has changed the order" in refused and standing() == wanted
    browser.post(undo_of(told))
    assert standing() == before
    browser.post("/admin/in-order/gift", data={"seen": before, "ids": before[:2]})
    assert standing() == before


def test_a_heading_taken_away_comes_back_with_its_gifts(shop, desk):
    tag = shop.post("/admin/tags", shop.owner, {"name": "茶友", "code": "tea"}).json["id"]
    lamp = shop.gift(tags=[tag])
    browser = desk("catalog")
    browser.post(f"/admin/shelves/tag/{tag}/delete")
    path = undo_of(browser.get("/admin/shelves").text)
    assert (shop.sql("SELECT count(*) FROM tags"), shop.sql("SELECT tag_ids FROM gifts WHERE id = :g", g=lamp)) == (
        0,
        [],
    )
    assert "Undone" in browser.post(path, follow_redirects=True).text
    assert shop.sql("SELECT id || code FROM tags") == f"{tag}tea"
    assert shop.sql("SELECT tag_ids FROM gifts WHERE id = :g", g=lamp) == [tag]
    shelf = shop.post("/admin/categories", shop.owner, {"name": "茶具", "code": "tea"}).json["id"]
    browser.post(f"/admin/shelves/category/{shelf}/delete")
    path = undo_of(browser.get("/admin/shelves").text)
    shop.post("/admin/categories", shop.owner, {"name": "壶", "code": "tea"})  # the code is taken meanwhile
    assert "left as it is: 1." in browser.post(path, follow_redirects=True).text
    assert shop.sql("SELECT string_agg(name ->> 'zh', ',') FROM categories") == "壶"


def test_a_label_a_cause_and_a_pickup_point_get_their_former_words_back(shop, desk):
    browser = desk("owner")
    cause = shop.post("/admin/causes", shop.owner, {"name": "Books"}).json["id"]
    point = shop.post("/admin/pickup-points", shop.owner, {"name": "Gate", "address": "Street 1"}).json["id"]
    for url, table, sent in (
        ("/admin/labels/thanks", "credit_labels", {"name.zh": "多谢", "name.en": "Ta"}),
        (f"/admin/causes/{cause}", "causes", {"name.zh": "书", "description.zh": "x", "active": ""}),
        (f"/admin/pickup-points/{point}", "pickup_points", {"name.zh": "北门", "address.zh": "二号", "active": "1"}),
    ):
        key = url.rpartition("/")[2]
        column = "code" if table == "credit_labels" else "id"
        words = f"SELECT name::text || active FROM {table} WHERE {column} = :key"
        before = shop.sql(words, key=key)
        assert browser.post(url, data=sent).status_code == 303, url
        assert shop.sql(words, key=key) != before
        assert "Undone" in browser.post(undo_of(browser.get("/admin/me").text), follow_redirects=True).text
        assert shop.sql(words, key=key) == before
    browser.post("/admin/labels/thanks", data={"name.zh": "多谢", "name.en": "Ta"})
    path = undo_of(browser.get("/admin/labels").text)
    desk("owner").post("/admin/labels/thanks", data={"name.zh": "谢谢您", "name.en": "Thanks", "active": "1"})
    assert "left as it is: 1." in browser.post(path, follow_redirects=True).text
    assert "谢谢您" in shop.sql("SELECT name::text FROM credit_labels WHERE code = 'thanks'")
