"""Draws in the back office, as a browser gets them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

TERMS = {"opens_at": "2098-01-01T10:00", "closes_at": "2098-01-08T10:00", "winners": "2", "losers": "returned"}


def test_a_draw_is_announced_changed_and_its_gift_saved_without_touching_its_dates(shop, desk):
    browser, gift = desk("catalog"), shop.gift(100, kind="draw", stock=5)
    assert f'value="{gift}"' in browser.get("/admin/draws").text
    bad = browser.post("/admin/draws", data={**TERMS, "gift": gift, "closes_at": "2097-01-01T10:00"})
    assert (bad.status_code, shop.sql("SELECT count(*) FROM draws")) == (422, 0)
    assert "Must be after the opening." in bad.text
    made = browser.post("/admin/draws", data={**TERMS, "gift": gift})
    assert made.status_code == 303
    page = browser.get(made.location).text
    assert "Nobody can enter" not in page
    shop.post(f"/admin/gifts/{gift}/stock", shop.owner, {"change": -5, "reason": "none came"})
    assert "Nobody can enter" in browser.get(made.location).text
    assert "Upcoming" in page and shop.sql("SELECT commitment FROM draws") in page
    assert browser.post(made.location, data={**TERMS, "winners": "0"}).status_code == 422
    assert browser.post(made.location, data={**TERMS, "winners": "3", "opens_at": ""}).status_code == 303
    assert shop.sql("SELECT winners || losers FROM draws") == "3returned"
    form = browser.get(f"/admin/gifts/{gift}").text
    assert 'name="on_sale_until"' not in form
    seen = re.search(r'name="seen" value="([^"]+)"', form).group(1)
    sent = {"seen": seen, "name.zh": "奖", "points": "100", "status": "active", "visible_from": ""}
    assert browser.post(f"/admin/gifts/{gift}", data=sent).status_code == 303
    assert shop.sql("SELECT g.on_sale_until = d.closes_at FROM gifts g JOIN draws d ON d.gift_id = g.id") is True


def test_entries_that_wait_for_a_draw_are_not_for_staff_to_confirm(shop, desk):
    gift, member = shop.gift(100, kind="draw", stock=5), shop.member(100)
    closes_at = (datetime.now(UTC) + timedelta(days=7)).isoformat()
    body = {"closes_at": closes_at, "winners": 1, "losers": "kept"}
    draw = shop.post(f"/admin/gifts/{gift}/draw", shop.owner, body).json["id"]
    order = shop.order(member, gift).json
    assert shop.get("/admin/orders?status=placed", shop.owner).json["items"] == []
    assert len(shop.get("/admin/orders?status=placed&kind=draw", shop.owner).json["items"]) == 1
    browser = desk("owner")
    assert order["number"] not in browser.get("/admin/orders?status=placed").text
    assert "Waits for the draw" in browser.get(f"/admin/orders/{order['id']}").text
    page = browser.get(f"/admin/draws/{draw}")
    assert "nobody can see it" in page.text and 'name="winners"' not in page.text
    refused = browser.post(f"/admin/draws/{draw}", data=TERMS)
    assert (refused.status_code, "what was announced stands" in refused.text) == (409, True)
