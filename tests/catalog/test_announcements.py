"""Announcements: one row that inboxes join, for whom it is meant, while it stands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from browsing import Browser

URL = "/admin/announcements"
START = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
WORDS = {
    "title": {"zh": "开放时间", "en": "Opening hours"},
    "body": {"zh": "第一段\n\n第二段", "en": "One <b>bold</b>\n\nTwo"},
}


@pytest.fixture(autouse=True)
def at_the_start():
    with time_machine.travel(START, tick=False) as clock:
        yield clock


def _tell(shop, **more):
    body = {**WORDS, "until_at": (START + timedelta(days=7)).isoformat(), "state": "published", **more}
    answer = shop.post(URL, shop.owner, body)
    assert answer.status_code == 201, answer.json
    return answer.json


def _inbox(shop, who):
    return [(one["text"], one["read_at"] is None) for one in shop.get("/me/notifications", who).json["items"]]


def test_an_announcement_is_in_every_inbox_without_a_row_for_each_and_read_once(shop):
    one, other = shop.member(), shop.member()
    made = _tell(shop, link="/activities")
    assert (made["phase"], made["readers"]) == ("current", {"count": 0, "exact": True})
    assert _inbox(shop, one) == _inbox(shop, other) == [("Opening hours", True)]
    assert shop.sql("SELECT count(*) FROM notifications") == shop.sql("SELECT count(*) FROM announcement_reads") == 0
    item = shop.get("/me/notifications", one).json["items"][0]
    told = item["announcement"]
    assert (item["kind"], told["body"], told["link"]) == ("announcement", WORDS["body"]["en"], "/activities")
    for _again in range(2):
        assert shop.post("/me/notifications/read", one, {"until": item["id"]}).json == {"unread": 0}
    assert _inbox(shop, one) == [("Opening hours", False)]
    assert shop.get(f"{URL}/{made['id']}", shop.owner).json["readers"]["count"] == 1
    browser = Browser(shop)
    page = browser.get(f"/news/{made['id']}")
    assert "One &lt;b&gt;bold&lt;/b&gt;" in page and 'href="/activities"' in page
    assert shop.get(f"{URL}/{made['id']}", shop.owner).json["readers"]["count"] == 1  # looking writes nothing
    for _twice in range(2):
        assert browser.submit(page, f"/news/{made['id']}/read").headers["Location"] == f"/news/{made['id']}"
    assert 'action="/news/' not in browser.get(f"/news/{made['id']}")
    assert shop.get(f"{URL}/{made['id']}", shop.owner).json["readers"]["count"] == 2


def test_it_stands_from_its_beginning_to_its_end_and_sorts_at_its_beginning(shop, at_the_start):
    member = shop.member()
    made = _tell(shop, from_at=(START + timedelta(days=1)).isoformat())
    assert (made["phase"], _inbox(shop, member)) == ("scheduled", [])
    changed = shop.post(f"{URL}/{made['id']}", shop.owner, {"version": 1, "title": "New"}, method="PATCH")
    assert (changed.status_code, changed.json["version"]) == (200, 2)
    late = shop.post(f"{URL}/{made['id']}", shop.owner, {"version": 1, "title": "Newer"}, method="PATCH")
    assert (late.status_code, late.json["code"]) == (409, "changed_meanwhile")
    at_the_start.move_to(START + timedelta(days=1))
    shop.owner = shop.staff("owner")  # the first one's session is over
    assert _inbox(shop, member) == [("New", True)]
    out = shop.post(f"{URL}/{made['id']}", shop.owner, {"version": 2, "title": "Newest"}, method="PATCH")
    assert (out.status_code, out.json["code"]) == (409, "announcement_out")
    at_the_start.move_to(START + timedelta(days=7))
    assert _inbox(shop, member) == []


def test_a_segment_or_levels_get_it_alone_and_what_is_withdrawn_nobody(shop):
    member = shop.member()
    new = {"name": "New", "filter": {"days_of_membership_to": 30}}
    old = {"name": "Old", "filter": {"days_of_membership_from": 31}}
    inside, outside = (shop.post("/admin/segments", shop.owner, one).json["id"] for one in (new, old))
    mine = _tell(shop, audience="segment", segment=inside)
    theirs = _tell(shop, audience="segment", segment=outside)
    _tell(shop, audience="levels", levels=[2, 5])
    assert _inbox(shop, member) == [("Opening hours", True)]
    assert mine["readers"] == {"count": None, "exact": False}
    strange = shop.app.test_client().get(f"/news/{mine['id']}")
    assert strange.status_code == 404
    assert Browser(shop).client.get(f"/news/{theirs['id']}").status_code == 404
    gone = shop.post(f"{URL}/{mine['id']}/withdraw", shop.owner, {"version": 1})
    assert (gone.json["phase"], _inbox(shop, member)) == ("withdrawn", [])


def test_who_switched_announcements_off_is_told_of_important_ones_and_home_shows_them(shop):
    browser = Browser(shop)
    shop.post("/me/notice-preferences", browser.member, {"off": ["news"]}, method="PUT")
    _tell(shop)
    assert _inbox(shop, browser.member) == [] and 'class="banner"' not in browser.get("/")
    assert shop.post("/me/notifications/read", browser.member, {}).json == {"unread": 0}
    made = _tell(shop, important=True)
    assert _inbox(shop, browser.member) == [("Opening hours", True)]
    assert f'<a class="banner" href="/news/{made["id"]}">' in browser.get("/")
    assert f'href="/news/{made["id"]}"' in shop.app.test_client().get("/").text


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"link": "https://example.com/"}, "link"),
        ({"link": "/nothing/here"}, "link"),
        ({"link": "/admin/members"}, "link"),
        ({"until_at": START.isoformat()}, "until_at"),
        ({"audience": "levels", "levels": []}, "levels"),
        ({"audience": "segment"}, "segment"),
    ],
)
def test_what_cannot_be_told_names_its_field_and_is_not_kept(shop, wrong, field):
    body = {**WORDS, "until_at": (START + timedelta(days=7)).isoformat(), **wrong}
    answer = shop.post(URL, shop.owner, body)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])
    assert shop.sql("SELECT count(*) FROM announcements") == 0
