"""Wherever staff may see members, they read a nickname and an id; those who may not see members read neither."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from admin.figures.roll_up import roll_up
from mall.clock import local_date
from points.earning.book_events import mall_zone

ROLES = ("owner", "rules", "catalog", "fulfilment", "auditor")


@pytest.fixture
def buyer(shop):
    """Somebody whose nickname says who it is."""
    person = shop.member(500)
    shop.write("UPDATE members SET nickname = '北门老王' WHERE id = :who", who=person.id)
    return person


def readers(desk, path, *texts):
    """The roles to whose eyes all of ``texts`` come on a page that opens for them, those who read none, and others."""
    seen = {}
    for role in ROLES:
        answer = desk(role).get(path)
        if answer.status_code == 200:
            seen[role] = {text in answer.text for text in texts}
    return {role for role, found in seen.items() if found == {True}}, {
        role for role, found in seen.items() if found == {False}
    }


def test_the_page_of_an_order_and_the_postings_of_a_day_name_members_to_those_who_may_see_them(shop, desk, buyer):
    order = shop.order(buyer, shop.gift(100)).json
    named = ("北门老王", f'href="/admin/members/{buyer.id}"')
    seen = readers(desk, f"/admin/orders/{order['id']}", *named)
    assert seen == ({"owner", "auditor"}, {"catalog", "fulfilment"})
    now = datetime.now(UTC)
    roll_up(now + timedelta(seconds=5), mall_zone())
    day = local_date(now, mall_zone())
    assert readers(desk, f"/admin/figures/{day}?move=redeemed", *named) == (
        {"owner", "rules", "catalog", "auditor"},
        set(),
    )


def test_requests_that_wait_are_listed_by_nickname(shop, desk, buyer, make_member):
    twin = make_member(nickname="南门老王")
    for path, body in {
        "/admin/adjustments": {"member": buyer.id, "points": 5, "reason": "goodwill"},
        "/admin/member-merges": {"member": twin.id, "into": buyer.id, "reason": "one person"},
    }.items():
        assert shop.post(path, shop.owner, body).status_code == 201
    browser = desk("auditor")
    for path in ("/admin/approvals", "/admin/merges", "/admin/adjustments"):
        page = browser.get(path).text
        assert f'href="/admin/members/{buyer.id}">北门老王</a>' in page, path
    assert f'href="/admin/members/{twin.id}">南门老王</a>' in browser.get("/admin/merges").text


def test_who_was_at_an_activity_is_not_told_to_those_who_open_the_door(shop, desk, buyer):
    begun = datetime.now(UTC) - timedelta(hours=3)
    fair = {
        "title": "Fair", "place": "Park", "state": "published", "starts_at": begun.isoformat(),
        "ends_at": (begun + timedelta(hours=1)).isoformat(),
    }  # fmt: skip
    activity = shop.post("/admin/activities", shop.owner, fair).json["id"]
    path, why = f"/admin/activities/{activity}", {"member": buyer.id, "reason": "empty phone"}
    assert shop.post(f"/admin/activities/{activity}/attendance", shop.owner, why, method="PUT").status_code == 200
    assert readers(desk, path, "北门老王", buyer.id) == ({"owner", "rules", "auditor"}, {"fulfilment"})
    assert buyer.id not in desk("fulfilment").get(f"/admin/files/activities/{activity}").text
    assert buyer.id in desk("auditor").get(f"/admin/files/activities/{activity}").text
