"""Search everywhere finds what the reader's role may open, and nothing else."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta


def shop_day(days):
    return f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%d}"


def hits(browser, asked):
    page = browser.get("/admin/search", query_string={"q": asked}).text
    return re.findall(r'<a class="found__hit" href="([^"]+)"', page)


def test_things_are_found_by_the_beginning_of_what_they_are_called(shop, desk, make_member):
    lamp = shop.gift(name={"zh": "台灯", "en": "Lamp"}, stock=3)
    member, buyer = make_member(nickname="王小明"), shop.member(500)
    order = shop.order(buyer, lamp).json
    owner = desk("owner")
    assert hits(owner, "台灯") == [f"/admin/gifts/{lamp}"]
    assert hits(owner, "LAM") == [f"/admin/gifts/{lamp}"]
    assert hits(owner, order["number"]) == [f"/admin/orders/{order['id']}"]
    assert hits(owner, order["number"][:-1].lower()) == [f"/admin/orders/{order['id']}"]
    assert hits(owner, "王小") == [f"/admin/members/{member.id}"]
    assert f"/admin/members/{member.id}" in hits(owner, member.username[:-1].upper())
    told = {"title": {"zh": "停水通知", "en": "No water"}, "body": "x", "until_at": f"{shop_day(30)}T00:00:00Z"}
    news = shop.post("/admin/announcements", shop.owner, told).json["id"]
    assert hits(owner, "停水") == [f"/admin/announcements/{news}"]
    assert hits(owner, "tip-out") == ["/admin/rules/tip-outcome"]
    assert hits(owner, "Audit tr") == ["/admin/audit"]
    assert hits(owner, "Segments") == ["/admin/segments"]  # a list that the sidebar does not name
    assert hits(owner, "My files") == ["/admin/works"]
    hook = {"url": "https://warehouse.example/mall", "description": "仓库", "events": ["stock.low"]}
    webhook = shop.post("/admin/webhooks", shop.owner, hook).json["id"]
    assert hits(owner, "仓库") == hits(owner, "warehouse.ex") == [f"/admin/webhooks/{webhook}"]
    shelf = shop.post("/admin/categories", shop.owner, {"name": "茶具"}).json["id"]
    tag = shop.post("/admin/tags", shop.owner, {"name": "茶友推荐"}).json["id"]
    assert hits(owner, "茶") == [f"/admin/shelves/category/{shelf}", f"/admin/shelves/tag/{tag}"]
    draw = shop.post(f"/admin/gifts/{shop.gift(kind='draw', name='iPad')}/draw", shop.owner, {
        "opens_at": f"{shop_day(1)}T00:00:00Z", "closes_at": f"{shop_day(2)}T00:00:00Z", "winners": 1, "losers": "kept",
    }).json["id"]  # fmt: skip
    assert f"/admin/draws/{draw}" in hits(owner, "iPad")
    assert hits(owner, "streak-30") == ["/admin/badges/streak-30"]
    assert hits(owner, "8426 3917") == ["/admin/desk?code=84263917"]
    assert 'value="84263917"' in owner.get("/admin/desk?code=84263917").text
    assert hits(owner, "%") == hits(owner, " ") == []


def test_a_role_finds_only_what_it_may_open(shop, desk, make_member):
    lamp = shop.gift(name={"zh": "台灯", "en": "Lamp"}, stock=3)
    member = make_member(nickname="Lampert")
    names = {role: hits(desk(role), "Lamp") for role in ("rules", "catalog", "fulfilment", "auditor")}
    gift, person = f"/admin/gifts/{lamp}", f"/admin/members/{member.id}"
    assert names == {"rules": [person], "catalog": [gift, person], "fulfilment": [], "auditor": [gift, person]}
    assert hits(desk("catalog"), "8426 3917") == []
    assert hits(desk("auditor"), desk("owner").person.username) == []
    assert hits(desk("fulfilment"), "Segments") == hits(desk("catalog"), "warehouse") == []


def test_programs_search_as_the_page_does(client, shop, make_staff):
    lamp, staff = shop.gift(name={"zh": "台灯", "en": "Lamp"}, stock=3), make_staff("catalog")
    answer = client.get("/api/v1/admin/search?q=lamp", headers={**staff.auth, "Accept-Language": "en"}).json
    hit = {"url": f"/admin/gifts/{lamp}", "text": "Lamp", "detail": ""}
    assert answer == {"groups": [{"kind": "gifts", "title": "Gifts", "hits": [hit]}]}
    assert client.get("/api/v1/admin/search", headers=staff.auth).status_code == 422
