"""Stock in the back office."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime

from catalog.stock.alerts import watch_stock
from mall.db import Login


def test_the_stock_page_tells_every_movement_and_sets_the_alert(shop, desk):
    browser, gift = desk("catalog"), shop.gift(10, stock=6)
    shop.order(shop.member(10), gift)
    page = browser.get(f"/admin/gifts/{gift}/stock").text
    receive, form = f"/admin/gifts/{gift}/stock", re.search(r'name="_key" value="([^"]+)"', page)[1]
    for number, typed in enumerate(("+4", "−4", "＋2", "-2")):  # with the signs that the form itself shows
        sent = {"_key": f"{form}{number}", "change": typed, "reason": "counted anew"}
        assert browser.post(receive, data=sent).status_code == 303
    assert shop.sql(f"SELECT count(*) FROM stock_movements WHERE item_id = '{gift}' AND kind <> 'ordered'") == 5
    wares, auditor = shop.staff("catalog"), shop.staff("auditor")
    told = {
        who: [one["actor"] for one in shop.get(f"/admin/gifts/{gift}/stock", person).json["items"]][-2]
        for who, person in (("catalog", wares), ("auditor", auditor))
    }
    taker = shop.sql("SELECT member_id FROM orders")
    assert told == {"catalog": "member", "auditor": f"member:{taker}"}  # as on the order's page
    file = browser.get(f"/admin/files/gifts/{gift}/stock").text
    assert ",Member" in file and taker not in file and taker not in page
    assert "+6" in page and "−1" in page and "Taken by an order" in page
    alert = f"/admin/gifts/{gift}/stock-alert"
    assert browser.post(alert, data={"low_at": "-1"}).status_code == 303
    assert shop.sql("SELECT count(*) FROM stock_alerts") == 0
    assert browser.post(alert, data={"low_at": "5"}).status_code == 303
    shop.run(Login.BACKOFFICE, lambda tx: watch_stock(tx, datetime.now(UTC)))
    low = browser.get("/admin/stock").text
    assert f"/admin/gifts/{gift}/stock" in low
    assert browser.post(alert, data={"low_at": ""}).status_code == 303
    assert f"/admin/gifts/{gift}/stock" not in browser.get("/admin/stock").text
    variant = shop.post(f"/admin/gifts/{gift}/variants", shop.owner, {"name": {"zh": "红"}, "stock": 3}).json["id"]
    page = browser.get(f"/admin/gifts/{gift}/stock").text
    assert f'name="variant" value="{variant}"' in page and "+3" in page and "+6" not in page
    assert desk("fulfilment").get(f"/admin/gifts/{gift}/stock").status_code == 403


def test_taking_pieces_away_needs_a_reason_at_the_desk_receiving_and_programs_need_none(shop, desk):
    browser, gift = desk("catalog"), shop.gift(10, stock=6)
    here, wrong = f"/admin/gifts/{gift}/stock", "Say why pieces are taken away."
    before = shop.snapshot()
    for at, page in (("history", "Movements"), ("", "Pictures")):  # the page that the form stands on
        refused = browser.post(here, data={"_key": "first", "change": "-2", "reason": "  ", "at": at})
        assert refused.status_code == 422
        assert wrong in refused.text and 'value="-2"' in refused.text and f">{page}</h2>" in refused.text
    assert shop.snapshot() == before
    told = browser.post(here, data={"_key": "first", "change": "-2", "reason": "2 broken", "at": "history"})
    assert (told.status_code, told.headers["Location"]) == (303, here)
    received = browser.post(here, data={"_key": "second", "change": "+3"})
    assert received.headers["Location"] == f"/admin/gifts/{gift}#stock"
    assert shop.post(here, shop.owner, {"change": -1}).json == {"stock": 6}
    given = "SELECT array_agg(coalesce(reason, '') ORDER BY id) FROM stock_movements WHERE kind <> 'ordered'"
    assert shop.sql(given)[1:] == ["2 broken", "", ""]
    below = browser.post(here, data={"_key": "third", "change": "-99", "reason": "lost", "at": "history"})
    assert below.status_code == 409 and 'value="lost"' in below.text
    assert "There is not that much in stock." in below.text and shop.stock(gift) == 6


def test_codes_are_imported_from_a_file_and_a_file_sent_twice_counts_once(shop, desk):
    browser, gift = desk("catalog"), shop.gift(10, kind="voucher")
    here = f"/admin/gifts/{gift}/codes"
    assert browser.post(here, data={}).status_code == 303
    for _twice in range(2):
        file = (io.BytesIO(b"AAA-1\nAAA-2\nAAA-1\n"), "codes.csv")
        done = browser.post(here, data={"codes": file}, follow_redirects=True)
    assert "Codes imported: 0. Lines left out: 3." in done.text and 'download="codes-result.csv"' in done.text
    assert (done.text.count("This code is there already."), shop.stock(gift), "AAA" in done.text) == (3, 2, False)
    before = shop.snapshot()
    bad = browser.post(here, data={"codes": (io.BytesIO(b"AAA-3\nAAA-4,2027-01-01\n"), "codes.csv")})
    assert bad.status_code == 409 and "Nothing was imported" in bad.text and "codes-result.csv" in bad.text
    assert shop.snapshot() == before
    cup = shop.gift(10)
    wrong = browser.post(f"/admin/gifts/{cup}/codes", data={"codes": (io.BytesIO(b"A-1\n"), "c.csv")})
    assert (wrong.status_code, shop.sql("SELECT count(*) FROM voucher_codes")) == (303, 2)


def test_a_donation_without_a_number_has_no_limit_until_one_is_given(shop, desk):
    body = {"name": {"zh": "捐书", "en": "Books"}, "kind": "donation", "points": 10}
    made = shop.post("/admin/gifts", shop.owner, body)
    gift, member = made.json["id"], shop.member(1000)
    assert (made.status_code, made.json["stock"]) == (201, None)
    shown = shop.get(f"/gifts/{gift}").json
    assert (shown["state"], shown["stock"]) == ("on_sale", None)
    given = shop.order(member, gift, quantity=3)
    assert (given.status_code, given.json["status"]) == (201, "completed")
    assert shop.get(f"/gifts/{gift}").json["stock"] is None
    moved = "SELECT sum(change) - (SELECT on_hand FROM stock_items WHERE item_id = :id) FROM stock_movements"
    assert shop.sql(f"{moved} WHERE item_id = :id", id=gift) == 0
    copy = desk("catalog").post(f"/admin/gifts/{gift}/duplicate").headers["Location"].rpartition("/")[2]
    assert shop.get(f"/admin/gifts/{copy}", shop.owner).json["stock"] is None
    browser = desk("catalog", lang="en")
    for page, told in (("", "It has no limit."), ("/stock", "It has no limit."), ("/preview", "Stock: no limit.")):
        text = browser.get(f"/admin/gifts/{gift}{page}").text
        assert told in text and "000,000" not in text
    assert browser.get("/admin/gifts?view=edit").text.count("no limit") == 2
    assert "left" not in shop.app.test_client().get(f"/gifts/{gift}", headers={"Accept-Language": "en"}).text.lower()

    taken = shop.post(f"/admin/gifts/{gift}/stock", shop.owner, {"change": -1})
    assert (taken.status_code, list(taken.json["errors"])) == (422, ["change"])
    assert shop.post(f"/admin/gifts/{gift}/stock", shop.owner, {"change": 2}).json == {"stock": 2}
    assert shop.order(member, gift, quantity=3).json["code"] == "sold_out"
    assert shop.order(member, gift, quantity=2).status_code == 201
    assert shop.get(f"/gifts/{gift}").json["state"] == "sold_out"
