"""Redemption rules, segments and households in the back office's forms."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from catalog.rules.models import RedemptionRule
from mall.db import Login
from points.households.models import MemberHousehold
from points.segments.models import Segment

NAMED = {"name.zh": "规则", "name.en": "A rule", "active": "1"}
LIMIT = {**NAMED, "amount": "3", "unit": "quantity", "period": "month", "per": "household", "above_points": "2,000"}


@pytest.fixture
def rows(run):
    """``rows(kind)``: all rows of a table."""
    return lambda kind: run(Login.BACKOFFICE, lambda tx: list(tx.scalars(select(kind))))


def wrong(answer):
    return dict(re.findall(r'id="(?:f-)?([a-z_.-]+)-help">([^<]+)<', answer.text))


def test_a_rule_is_made_in_its_kinds_form_changed_and_deleted(desk, rows):
    browser = desk("rules")
    assert "No redemption rules yet" in browser.get("/admin/redemption-rules").text
    assert "/admin/new-redemption-rule?kind=debt" in browser.get("/admin/new-redemption-rule").text
    assert browser.post("/admin/new-redemption-rule?kind=limit", data=LIMIT).status_code == 303
    (rule,) = rows(RedemptionRule)
    assert rule.terms == {"amount": 3, "unit": "quantity", "period": "month", "per": "household"}
    assert (rule.above_points, rule.active, rule.version) == (2000, True, 1)
    page, listed = f"/admin/redemption-rules/{rule.id}", browser.get("/admin/redemption-rules").text
    assert "At most 3 a month for each household." in listed and "above 2,000 points" in listed
    late = browser.post(page, data={**LIMIT, "version": "7"})
    assert late.status_code == 409 and "nothing was overwritten" in late.text
    bad = browser.post(page, data={**LIMIT, "version": "1", "amount": "many", "above_points": "0"})
    assert bad.status_code == 422 and wrong(bad).keys() >= {"amount", "above_points"}
    assert browser.post(page, data={**LIMIT, "version": "1", "amount": "4", "active": ""}).status_code == 303
    (rule,) = rows(RedemptionRule)
    assert (rule.terms["amount"], rule.active, rule.version) == (4, False, 2)
    assert browser.post(f"{page}/delete").status_code == 303
    assert rows(RedemptionRule) == []


def test_every_kind_has_a_form_and_words(desk, rows):
    browser = desk("rules")
    browser.post("/admin/new-segment", data={"name.en": "Keen", "level_from": "3", "households": "a，b"})
    (segment,) = rows(Segment)
    assert segment.filter == {"level_from": 3, "households": ["a", "b"]}
    assert "fewer than 20" in browser.get(f"/admin/segments/{segment.id}").text
    told = {
        "level": ({"min_level": "3"}, "For level 3 and above."),
        "membership": ({"min_days": "30"}, "members for 30 days or more"),
        "effectiveness": ({"min_percent": "60"}, "at least 60 % effective"),
        "segment": ({"segment": segment.id, "members": "except"}, "Not for: Keen"),
        "blackout": ({"weekdays": ["6"], "hours": "0-6"}, "Saturday"),
        "debt": ({"per": "household"}, "Points are owed in your household"),
    }
    for kind, (fields, _words) in told.items():
        assert browser.get(f"/admin/new-redemption-rule?kind={kind}").status_code == 200
        assert browser.post(f"/admin/new-redemption-rule?kind={kind}", data={**NAMED, **fields}).status_code == 303
    listed = browser.get("/admin/redemption-rules").text
    assert [kind for kind, (_fields, words) in told.items() if words not in listed] == []
    assert "asks for this segment" in browser.post(f"/admin/segments/{segment.id}/delete", follow_redirects=True).text
    crossed = browser.post("/admin/new-segment", data={"name.en": "x", "level_from": "3", "level_to": "2"})
    assert crossed.status_code == 422 and wrong(crossed)["level_to"] == "Lies below the lower end."
    assert "Ask for something" in browser.post("/admin/new-segment", data={"name.en": "x"}).text


def test_a_household_is_set_on_the_members_page(desk, rows, make_member):
    browser, who = desk("rules"), make_member()
    browser.post(f"/admin/members/{who.id}/household", data={"household": " block 3 "})
    assert [(row.member_id, row.tag) for row in rows(MemberHousehold)] == [(who.id, "block 3")]
    assert 'value="block 3"' in browser.get(f"/admin/members/{who.id}").text
    assert "/household" not in desk("catalog").get(f"/admin/members/{who.id}").text
    browser.post(f"/admin/members/{who.id}/household", data={"household": ""})
    assert rows(MemberHousehold) == []
