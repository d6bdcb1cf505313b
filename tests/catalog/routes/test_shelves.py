"""Shelves of the home and mall pages, and when missing points will be there."""

from __future__ import annotations

import re

from browsing import Browser


def _row(page):
    found = re.search(r'<section class="shelf-row".*?</section>', page, re.S)
    return re.findall(r'gift__name">([^<]+)<', found.group()) if found else []


def test_new_gifts_have_a_shelf_of_their_own(shop, client):
    for number in range(8):
        shop.gift(100, name=f"star {number}", featured=True)
    old, gone = shop.gift(100, name="old"), shop.gift(100, name="gone", stock=0)
    for number in range(8):
        shop.gift(100, name=f"fresh {number}")
    shop.write("UPDATE gifts SET created_at = now() - interval '31 days' WHERE id = :gift", gift=old)
    newest = [f"fresh {number}" for number in range(7, 3, -1)]
    home, mall = (client.get(path).get_data(as_text=True) for path in ("/", "/mall"))
    assert _row(home) == _row(mall) == newest
    assert gone in mall and 'href="/mall?sort=newest"' in mall
    for path in ("/mall?sort=points", "/mall?q=fresh", "/mall?category=x"):
        assert _row(client.get(path).get_data(as_text=True)) == []


def test_without_new_gifts_there_is_no_shelf(shop, client):
    shop.gift(100, name="old")
    shop.write("UPDATE gifts SET created_at = now() - interval '31 days'")
    assert _row(client.get("/mall").get_data(as_text=True)) == []


def test_missing_points_come_with_a_day(shop):
    gift = shop.gift(60)
    who = Browser(shop, 0)
    assert "You need 60 more points" in who.get(f"/gifts/{gift}")
    assert "about 7 days of check-ins" in who.get(f"/gifts/{gift}")
    offered = shop.post("/quotes", who.member, {"gift": gift, "quantity": 1}).json
    assert (offered["missing_points"], offered["outlook"]) == (60, {"days": 7, "by": "check_in"})
    shop.credit(who.member, 35)
    assert "about 5 days at your pace" in who.get(f"/gifts/{gift}")
    shop.credit(who.member, 25)
    page = who.get(f"/gifts/{gift}")
    assert "You have 60 points" in page and "about" not in page.split("action-bar")[1]
    offered = shop.post("/quotes", who.member, {"gift": gift, "quantity": 1}).json
    assert (offered["missing_points"], offered["outlook"]) == (0, None)


def test_what_would_take_more_than_a_year_has_no_day(shop):
    gift = shop.gift(100_000)
    who = Browser(shop, 0)
    assert "days" not in who.get(f"/gifts/{gift}").split("action-bar")[1]
    assert shop.post("/quotes", who.member, {"gift": gift, "quantity": 1}).json["outlook"] is None
