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
        assert browser.post(receive, data={"_key": f"{form}{number}", "change": typed}).status_code == 303
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


def test_codes_are_imported_from_a_file_and_a_file_sent_twice_counts_once(shop, desk):
    browser, gift = desk("catalog"), shop.gift(10, kind="voucher")
    here = f"/admin/gifts/{gift}/codes"
    assert browser.post(here, data={}).status_code == 303
    for _twice in range(2):
        file = (io.BytesIO(b"AAA-1\nAAA-2\nAAA-1\n"), "codes.csv")
        done = browser.post(here, data={"codes": file, "only_good": "1"}, follow_redirects=True)
    assert "Codes imported: 0. Lines left out: 3." in done.text and 'download="codes-result.csv"' in done.text
    assert (done.text.count("This code is there already."), shop.stock(gift), "AAA" in done.text) == (3, 2, False)
    before = shop.snapshot()
    bad = browser.post(here, data={"codes": (io.BytesIO(b"AAA-3\nAAA-1\n"), "codes.csv")})
    assert bad.status_code == 409 and "Nothing was imported" in bad.text and "codes-result.csv" in bad.text
    assert shop.snapshot() == before
    cup = shop.gift(10)
    wrong = browser.post(f"/admin/gifts/{cup}/codes", data={"codes": (io.BytesIO(b"A-1\n"), "c.csv")})
    assert (wrong.status_code, shop.sql("SELECT count(*) FROM voucher_codes")) == (303, 2)
