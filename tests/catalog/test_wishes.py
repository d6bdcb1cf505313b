"""Wish lists, and being told once when a wish can come true."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from browsing import Browser
from sqlalchemy import text

from catalog.jobs import tell_wishes
from catalog.wishes.wish import MOST_WISHES
from mall.db import Login


def _wish(shop, who, gift, method="PUT"):
    return shop.app.test_client().open(f"/api/v1/me/wishes/{gift}", method=method, headers=who.auth)


def _told(shop, who):
    return [(one["kind"], one["gift"]) for one in shop.get("/me/notifications", who).json["items"]]


def _look(later=timedelta(0)):
    return tell_wishes(datetime.now(UTC) + later)


def test_a_list_is_filled_read_and_emptied(shop):
    me, one, two = shop.member(150), shop.gift(100, name="one"), shop.gift(200, name="two")
    for gift in (one, two, one):
        assert _wish(shop, me, gift).status_code == 204
    items = shop.get("/me/wishes", me).json["items"]
    assert [(item["name"], item["affordable"]) for item in items] == [("two", False), ("one", True)]
    assert shop.get("/me/wishes", shop.member()).json["items"] == []
    for _ in range(2):
        assert _wish(shop, me, one, "DELETE").status_code == 204
    assert [item["name"] for item in shop.get("/me/wishes", me).json["items"]] == ["two"]


def test_what_is_not_shown_cannot_be_wished_for_but_taken_off(shop):
    me, gift, draft = shop.member(), shop.gift(100), shop.gift(100, status="draft")
    assert _wish(shop, me, draft).status_code == 404
    assert _wish(shop, me, draft, "DELETE").status_code == 404
    assert shop.sql("SELECT count(*) FROM wishes") == 0
    _wish(shop, me, gift)
    shop.post(f"/admin/gifts/{gift}", shop.owner, {"status": "draft"}, method="PATCH")
    assert shop.get("/me/wishes", me).json["items"] == []
    assert _wish(shop, me, gift, "DELETE").status_code == 204
    assert shop.sql("SELECT count(*) FROM wishes") == 0


def test_a_list_has_an_end(shop):
    me, gift = shop.member(), shop.gift(100)
    others = [shop.gift(100) for _ in range(2)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("catalog.wishes.wish.MOST_WISHES", 2)
        for other in others:
            assert _wish(shop, me, other).status_code == 204
        answer = _wish(shop, me, gift)
    assert (answer.status_code, answer.json["code"], answer.json["most"]) == (409, "too_many_wishes", 2)
    assert shop.sql("SELECT count(*) FROM wishes") == 2
    assert MOST_WISHES == 200


def test_one_is_told_once_when_points_reach_a_wish(shop):
    me, gift = shop.member(60), shop.gift(100)
    _wish(shop, me, gift)
    assert _look() == {"turned": 0, "told": 0}
    shop.credit(me, 40)
    assert _look() == {"turned": 1, "told": 1}
    assert _look() == {"turned": 0, "told": 0}
    assert _told(shop, me) == [("wish.affordable", gift)]
    shop.claw_back(me, 1)
    assert _look() == {"turned": 1, "told": 0}
    shop.credit(me, 1)
    assert _look() == {"turned": 1, "told": 1}
    assert len(_told(shop, me)) == 2


def test_one_is_told_once_when_a_wish_is_back_in_stock(shop):
    me, other = shop.member(500), shop.member(0)
    gift = shop.gift(100, stock=0)
    for who in (me, other):
        _wish(shop, who, gift)
    assert _look() == {"turned": 0, "told": 0}
    shop.post(f"/admin/gifts/{gift}/stock", shop.owner, {"change": 1})
    assert _look() == {"turned": 2, "told": 2}
    assert _told(shop, me) == _told(shop, other) == [("wish.in_stock", gift)]
    assert shop.order(me, gift).status_code == 201
    assert _look() == {"turned": 2, "told": 0}
    assert _look() == {"turned": 0, "told": 0}
    shop.post(f"/admin/gifts/{gift}/stock", shop.owner, {"change": 5})
    assert _look()["told"] == 2


def test_what_is_already_so_is_no_news(shop):
    me, gift = shop.member(500), shop.gift(100)
    _wish(shop, me, gift)
    assert _look() == {"turned": 0, "told": 0}
    assert _told(shop, me) == []


def test_enough_points_for_what_cannot_be_had_are_no_news_until_it_can(shop):
    me, gift = shop.member(0), shop.gift(100, stock=0)
    _wish(shop, me, gift)
    shop.credit(me, 100)
    assert _look() == {"turned": 1, "told": 0}
    shop.post(f"/admin/gifts/{gift}/stock", shop.owner, {"change": 1})
    _look()
    assert _told(shop, me) == [("wish.in_stock", gift)]


def test_the_beginning_of_a_sale_is_told(shop):
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    me, gift = shop.member(500), shop.gift(100, on_sale_from=soon)
    _wish(shop, me, gift)
    assert _look()["told"] == 0
    assert _look(timedelta(hours=2))["told"] == 1
    assert _told(shop, me) == [("wish.in_stock", gift)]


def test_a_variant_counts_only_while_it_is_offered(shop):
    me, gift = shop.member(500), shop.gift(100, stock=9)
    variant = shop.post(f"/admin/gifts/{gift}/variants", shop.owner, {"name": "S", "stock": 0}).json["id"]
    _wish(shop, me, gift)
    shop.post(f"/admin/gifts/{gift}/stock", shop.owner, {"change": 3, "variant": variant})
    assert _look()["told"] == 1


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("kind = 'virtual', top_up = NULL", "kind = 'pickup'"),
        ("cash_cents = 990, cash_currency = 'CNY'", "cash_cents = NULL, cash_currency = NULL"),
    ],
)
def test_what_nobody_can_deliver_or_take_the_cash_for_is_told_once_it_can_be_had(shop, before, after):
    me, gift = shop.member(500), shop.gift(100)
    shop.write(f"UPDATE gifts SET {before} WHERE id = :gift", gift=gift)
    assert _wish(shop, me, gift).status_code == 204
    assert _look() == {"turned": 0, "told": 0}
    shop.write(f"UPDATE gifts SET {after} WHERE id = :gift", gift=gift)
    assert _look()["told"] == 1


def test_a_level_that_is_missing_is_not_within_reach(shop):
    me, gift = shop.member(500), shop.gift(100, min_level=3, stock=5)
    _wish(shop, me, gift)
    assert _look()["told"] == 0
    shop.write(
        "INSERT INTO standings (member_id, public_points) VALUES (:me, 500) "
        "ON CONFLICT (member_id) DO UPDATE SET public_points = 500", me=me.id,
    )  # fmt: skip
    _look()
    assert _told(shop, me) == [("wish.affordable", gift)]


@pytest.mark.parametrize("status", ["suspended", "closed"])
def test_who_is_not_active_is_not_told(shop, status):
    me, gift = shop.member(0), shop.gift(100)
    _wish(shop, me, gift)
    shop.write("UPDATE members SET status = :status WHERE id = :me", status=status, me=me.id)
    shop.credit(me, 100)
    assert _look() == {"turned": 0, "told": 0}
    assert shop.sql("SELECT count(*) FROM notifications") == 0
    shop.write("UPDATE members SET status = 'active' WHERE id = :me", me=me.id)
    assert _look()["told"] == 1


def test_a_suspended_member_adds_no_wish(shop):
    me, gift = shop.member(0), shop.gift(100)
    shop.write("UPDATE members SET status = 'suspended' WHERE id = :me", me=me.id)
    assert _wish(shop, me, gift).status_code == 403
    assert shop.sql("SELECT count(*) FROM wishes") == 0


def test_many_wishes_are_looked_at_in_rounds(shop, monkeypatch):
    monkeypatch.setattr("catalog.wishes.tell.AT_ONCE", 3)
    monkeypatch.setattr("catalog.jobs.AT_ONCE", 3)
    gift, people = shop.gift(100, stock=0), [shop.member() for _ in range(8)]
    for who in people:
        _wish(shop, who, gift)
    shop.post(f"/admin/gifts/{gift}/stock", shop.owner, {"change": 1})
    assert _look() == {"turned": 8, "told": 8}
    assert [_told(shop, who) for who in people] == [[("wish.in_stock", gift)]] * 8


def test_one_who_leaves_takes_the_list_along(shop, run):
    me, gift = shop.member(), shop.gift(100)
    _wish(shop, me, gift)
    assert shop.get("/me/export", me).json["wishes"] == [gift]
    shop.write("UPDATE login_sessions SET authenticated_at = now() WHERE member_id = :me", me=me.id)
    assert shop.app.test_client().delete("/api/v1/me", headers=me.auth).status_code == 204
    assert shop.sql("SELECT count(*) FROM wishes") == 0


def test_notices_are_counted_and_read(shop):
    me, gift = shop.member(0), shop.gift(100)
    _wish(shop, me, gift)
    for _ in range(3):
        shop.credit(me, 100)
        _look()
        shop.claw_back(me, 100)
        _look()
    items = shop.get("/me/notifications", me).json["items"]
    assert [item["read_at"] for item in items] == [None] * 3
    answer = shop.post("/me/notifications/read", me, {"until": items[1]["id"]})
    assert answer.json == {"unread": 1}
    seen = shop.get("/me/notifications", me).json["items"]
    assert [item["read_at"] is None for item in seen] == [True, False, False]
    before = shop.sql("SELECT string_agg(t::text, '' ORDER BY id) FROM notifications AS t")
    stranger = shop.member()
    assert shop.post("/me/notifications/read", stranger, {"until": items[0]["id"]}).status_code == 404
    assert shop.post("/me/notifications/read", stranger).json == {"unread": 0}
    assert shop.sql("SELECT string_agg(t::text, '' ORDER BY id) FROM notifications AS t") == before
    assert shop.post("/me/notifications/read", me).json == {"unread": 0}


def test_pages_let_one_wish_and_tell_what_came_of_it(shop):
    who, gift = Browser(shop, 0), shop.gift(100, name={"zh": "伞", "en": "Umbrella"})
    answer = who.submit(who.get(f"/gifts/{gift}"), f"/gifts/{gift}/wish")
    assert (answer.status_code, answer.location) == (303, f"/gifts/{gift}")
    page = who.get(f"/gifts/{gift}")
    assert 'aria-pressed="true"' in page and "On your wish list" in page
    assert "Umbrella" in who.get("/wishes")
    assert "Nothing to tell you" in who.get("/notices")
    shop.credit(who.member, 100)
    _look()
    assert re.search(r'count--tab">1<', who.get("/me")) and re.search(r'count--tab">1<', who.get("/"))
    page = who.get("/notices")
    assert "“Umbrella” from your wish list is within reach" in page and f'href="/gifts/{gift}"' in page
    assert who.submit(page, "/notices/read").status_code == 303
    assert "count--tab" not in who.get("/notices")
    answer = who.submit(who.get("/wishes"), f"/gifts/{gift}/wish")
    assert answer.location == "/wishes"
    assert "No wishes yet" in who.get("/wishes")


def test_signed_out_the_heart_leads_to_signing_in(shop, client):
    gift = shop.gift(100)
    assert f'href="/sign-in?next=/gifts/{gift}"' in client.get(f"/gifts/{gift}").get_data(as_text=True)
    for path in ("/wishes", "/notices"):
        assert client.get(path).location.startswith("/sign-in")
    assert client.put(f"/api/v1/me/wishes/{gift}").status_code == 401


def test_the_login_of_earning_reads_no_more_of_notices_than_how_many(shop):
    def look(tx):
        return tx.execute(
            text("SELECT string_agg(column_name, ' ' ORDER BY column_name) FROM information_schema.column_privileges "
                 "WHERE table_name = 'notifications' AND grantee = current_user")
        ).scalar()  # fmt: skip

    assert shop.run(Login.EARNING, look) == "member_id read_at"
