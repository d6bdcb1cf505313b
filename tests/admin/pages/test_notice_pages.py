"""Notices to staff in the back office: a badge, a list, and one word when it is seen to."""

from __future__ import annotations

from datetime import UTC, datetime

from catalog.stock.alerts import watch_stock
from mall.db import Login

BADGE = "bg-red"


def _watch(shop):
    shop.run(Login.BACKOFFICE, lambda tx: watch_stock(tx, datetime.now(UTC)))


def test_a_low_stock_is_told_once_done_once_and_told_anew_when_it_happens_anew(shop, desk):
    gift, browser = shop.gift(100, stock=10), desk("catalog")
    shop.post(f"/admin/gifts/{gift}/stock-alert", shop.owner, {"low_at": 3}, method="PUT")
    _watch(shop)
    assert BADGE not in browser.get("/admin/notices").text
    shop.post(f"/admin/gifts/{gift}/stock", shop.owner, {"change": -8, "reason": "lent"})
    _watch(shop)
    _watch(shop)
    page = browser.get("/admin/notices").text
    assert BADGE in page and f"/admin/gifts/{gift}" in page and "2 left, told at 3" in page
    notice = shop.sql("SELECT id FROM staff_notices WHERE kind = 'item.low'")
    assert desk("auditor").post(f"/admin/notices/{notice}/done").status_code == 403
    assert shop.sql("SELECT done_at IS NULL FROM staff_notices") is True
    for _twice in range(2):
        assert browser.post(f"/admin/notices/{notice}/done").status_code == 303
    assert shop.sql("SELECT count(*) FROM audit_entries WHERE action = 'staff_notice.done'") == 1
    _watch(shop)
    assert BADGE not in browser.get("/admin/notices").text
    assert "2 left" in browser.get("/admin/notices?open=false").text
    for change in (8, -8):
        shop.post(f"/admin/gifts/{gift}/stock", shop.owner, {"change": change, "reason": "counted"})
        _watch(shop)
    assert shop.sql("SELECT count(*) FROM staff_notices") == 2
    assert BADGE in browser.get("/admin").text
    unknown = shop.post("/admin/notices/stn_none/done", shop.owner)
    assert unknown.status_code == 404
