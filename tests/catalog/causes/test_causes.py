"""Donations: what they are for, what was given, and thanks."""

from __future__ import annotations

import re

import pytest

from tests.catalog.routes.test_storefront_pages import Browser

NAME = {"zh": "社区图书角", "en": "Reading corner"}


@pytest.fixture
def cause(shop):
    made = shop.post("/admin/causes", shop.owner, {"name": NAME, "description": "Books.", "goal_points": 1000})
    assert made.status_code == 201, made.json
    return made.json["id"]


def given(shop, cause):
    answer = shop.get(f"/causes/{cause}").json
    return answer["given_points"], answer["donations"]


def test_what_is_given_is_counted_and_shown(shop, cause):
    gift, member = shop.gift(100, kind="donation", cause=cause), shop.member(1000)
    assert given(shop, cause) == (0, 0)
    order = shop.order(member, gift, 3).json
    assert order["status"] == "completed"
    assert shop.get(f"/orders/{order['id']}", member).json["cause"] == {"id": cause, "name": "Reading corner"}
    shop.order(shop.member(100), gift)
    assert given(shop, cause) == (400, 2)
    listed = shop.get("/causes").json["items"]
    assert [(one["name"], one["goal_points"], one["given_points"]) for one in listed] == [("Reading corner", 1000, 400)]
    assert shop.get("/admin/causes", shop.owner).json["items"][0]["given_points"] == 400
    assert shop.get(f"/gifts/{gift}").json["cause"] == cause


def test_a_donation_that_waits_or_was_cancelled_is_not_counted(shop, cause):
    gift, member = shop.gift(100, kind="donation", cause=cause, needs_approval=True), shop.member(1000)
    first, second = (shop.order(member, gift).json["id"] for _ in range(2))
    assert given(shop, cause) == (0, 0)
    shop.post(f"/orders/{first}/cancel", member)
    shop.advance(second, "confirmed")
    assert given(shop, cause) == (100, 1)


def test_what_was_given_stays_with_its_cause_when_the_gift_goes_to_another(shop, cause):
    gift = shop.gift(100, kind="donation", cause=cause)
    shop.order(shop.member(100), gift)
    other = shop.post("/admin/causes", shop.owner, {"name": "Other"}).json["id"]
    shop.post(f"/admin/gifts/{gift}", shop.owner, {"cause": other}, method="PATCH")
    shop.order(shop.member(100), gift)
    assert given(shop, cause) == given(shop, other) == (100, 1)


def test_many_donations_at_once_are_all_counted(shop, cause):
    gift = shop.gift(7, kind="donation", stock=100, cause=cause)
    members = [shop.member(7) for _ in range(12)]
    assert shop.at_once([lambda who=who: shop.order(who, gift).status_code for who in members]) == [201] * 12
    assert given(shop, cause) == (84, 12)


def test_a_cause_that_is_over_leaves_the_list_but_not_its_page(shop, cause):
    changed = shop.post(f"/admin/causes/{cause}", shop.owner, {"active": False, "goal_points": None}, method="PATCH")
    assert changed.json["active"] is False and changed.json["goal_points"] is None
    assert shop.get("/causes").json["items"] == []
    assert shop.get(f"/causes/{cause}").status_code == 200


def test_only_a_donation_goes_to_a_cause_that_exists(shop, cause):
    body = {"name": "Cup", "kind": "pickup", "points": 5, "cause": cause}
    assert list(shop.post("/admin/gifts", shop.owner, body).json["errors"]) == ["cause"]
    body = {"name": "Gift", "kind": "donation", "points": 5, "cause": "cau_" + "0" * 26}
    assert list(shop.post("/admin/gifts", shop.owner, body).json["errors"]) == ["cause"]
    assert shop.sql("SELECT count(*) FROM gifts") == 0
    for role in ("fulfilment", "rules", "auditor"):
        assert shop.post("/admin/causes", shop.staff(role), {"name": "X"}).status_code == 403
    for wrong in ({"name": "X", "goal_points": 0}, {"name": ""}, {"name": "X", "goal_points": -5}):
        assert shop.post("/admin/causes", shop.owner, wrong).status_code == 422


def test_pages_show_the_total_and_say_thanks(shop, cause):
    gift = shop.gift(250, kind="donation", cause=cause)
    browser = Browser(shop, 1000)
    page = browser.get(f"/gifts/{gift}")
    assert "Reading corner" in page and "of 1,000 points" in page
    placed = shop.order(browser.member, gift).json["id"]
    thanks = browser.get(f"/orders/{placed}")
    assert "Thank you! Your 250 points go to “Reading corner”." in thanks
    assert "Together we have given 250 points" in thanks
    about = browser.get(f"/causes/{cause}")
    assert re.search(r"<b>250</b>\s*of 1,000 points", about) and 'value="25"' in about and f"/gifts/{gift}" in about
    assert shop.app.test_client().get("/causes/cau_" + "0" * 26).status_code == 404


def test_the_sorts_of_a_donation_have_no_limit_either_and_none_is_said_by_nought(shop):
    body = {"name": {"zh": "捐书", "en": "Books"}, "kind": "donation", "points": 10}
    gift, none = (shop.post("/admin/gifts", shop.owner, {**body, **more}).json["id"] for more in ({}, {"stock": 0}))
    made = [
        shop.post(f"/admin/gifts/{gift}/variants", shop.owner, {"name": name, **more}).json["stock"]
        for name, more in (("One", {}), ("Ten", {"stock": 4}))
    ]
    assert made == [None, 4]
    assert [one["stock"] for one in shop.get(f"/gifts/{gift}").json["variants"]] == [None, 4]
    page = shop.app.test_client().get(f"/gifts/{gift}", headers={"Accept-Language": "en"}).text
    assert "4 left" in page and "Sold out" not in page and "000,000" not in page
    assert shop.get(f"/gifts/{none}").json["state"] == "sold_out"
    cup = shop.post("/admin/gifts", shop.owner, {**body, "kind": "pickup"})
    assert (cup.status_code, cup.json["stock"]) == (201, 0)
