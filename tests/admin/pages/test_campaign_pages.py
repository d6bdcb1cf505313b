"""Campaigns and budgets in the back office: made in forms, seen in lists, ended and lifted."""

from __future__ import annotations

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from babel.dates import format_date

from mall.clock import local_date
from mall.db import Login
from points.earning.rule_models import Campaign, PointBudget

FORM = {
    "key": "weekend", "name.zh": "周末双倍", "name.en": "Weekend", "factor": "2", "weekdays": ["6", "7"],
    "hours": "8-20，22-24", "first_day": "2026-01-01", "last_day": "2099-12-31", "min_level": "2",
    "rules": ["tip-outcome"], "condition": "", "review": "1",
}  # fmt: skip
DOCUMENT = {
    "name": {"zh": "周末双倍", "en": "Weekend"}, "factor": "2", "rules": ["tip-outcome"], "min_level": 2,
    "review": True,
    "active": {"first_day": "2026-01-01", "last_day": "2099-12-31", "weekdays": [6, 7], "hours": [[8, 20], [22, 24]]},
}  # fmt: skip


@pytest.fixture
def stored(run):
    """``stored(kind, key)``: a row, None without it."""
    return lambda kind, key: run(Login.BACKOFFICE, lambda tx: tx.get(kind, key))


def wrong(answer):
    return dict(re.findall(r'id="(?:f-)?([a-z_.-]+)-help">([^<]+)<', answer.text))


def test_a_campaign_is_made_edited_published_and_ended_in_forms(desk, stored):
    browser = desk("rules")
    assert "No campaigns yet" in browser.get("/admin/campaigns").text
    assert browser.post("/admin/new-campaign", data=FORM).headers["Location"] == "/admin/campaigns/weekend"
    assert stored(Campaign, "weekend").document == DOCUMENT
    form = browser.get("/admin/campaigns/weekend/edit").text
    assert re.findall(r'name="weekdays" value="(\d)" checked', form) == ["6", "7"]
    assert 'value="8-20, 22-24"' in form
    page = "/admin/campaigns/weekend"
    assert browser.post(f"{page}/edit", data={**FORM, "factor": "3", "hours": ""}).status_code == 303
    assert stored(Campaign, "weekend").document["factor"] == "3"
    browser.post(f"{page}/publish")
    assert "Running" in browser.get(page).text
    assert browser.post(f"{page}/edit", data=FORM).status_code == 409
    browser.post(f"{page}/discard")
    assert stored(Campaign, "weekend").document["factor"] == "3"
    listed = browser.get("/admin/campaigns").text
    assert "from 2026-01-01; until 2099-12-31 inclusive; Saturday, Sunday" in listed and "from level 2" in listed
    browser.post(f"{page}/end")
    assert stored(Campaign, "weekend").state == "retired"
    assert "End now" not in desk("auditor").get(page).text


def test_a_refused_campaign_keeps_what_was_typed_and_says_why_at_each_field(desk, stored):
    browser = desk("rules")
    bad = {**FORM, "factor": "lots", "first_day": "2026-13-01", "rules": ["nowhere"], "weekdays": ["6", "x"]}
    answer = browser.post("/admin/new-campaign", data=bad)
    assert answer.status_code == 422 and 'value="lots"' in answer.text
    assert wrong(answer).keys() >= {"factor", "weekdays"}
    answer = browser.post("/admin/new-campaign", data={**FORM, "first_day": "2026-13-01", "rules": []})
    assert wrong(answer)["first_day"] == "must be a date: 2026-12-31"
    assert "8-20" in wrong(browser.post("/admin/new-campaign", data={**FORM, "hours": "morning"}))["hours"]
    assert "there is no rule" in wrong(browser.post("/admin/new-campaign", data={**FORM, "rules": ["x"]}))["rules"]
    assert stored(Campaign, "weekend") is None


def test_a_budget_is_set_seen_with_its_figures_and_lifted(desk, stored, client, make_client, now):
    browser, source = desk("rules"), make_client()
    assert "No budgets yet" in browser.get("/admin/budgets").text
    data = {"case": "c-1", "stage": "solved", "grade": 2}
    event = {"id": "ev-1", "type": "tip.outcome", "member": "m-1", "occurred_at": now.isoformat(), "data": data}
    assert client.post("/api/v1/credit-events", json=event, headers=source.auth).status_code == 201
    form = {"scope": "tip-outcome", "limit_points": "lots", "period": "total", "action": "stop"}
    assert "limit_points" in wrong(browser.post("/admin/new-budget", data=form))
    assert "scope" in wrong(browser.post("/admin/new-budget", data={**form, "scope": "nowhere"}))
    assert stored(PointBudget, "tip-outcome") is None
    assert browser.post("/admin/new-budget", data={**form, "limit_points": "1,500"}).status_code == 303
    page = browser.get("/admin/budgets").text
    assert re.search(r'<b class="num">150</b>.*?of 1,500.*?10 %', page, re.S)
    day = local_date(now, ZoneInfo("Asia/Shanghai")) + timedelta(days=9)
    assert f"runs out on {format_date(day, 'd MMM yyyy', locale='en')}" in page
    assert "scope" in wrong(browser.post("/admin/new-budget", data={**form, "limit_points": "9"}))
    changed = {"limit_points": "150", "period": "total", "action": "pend"}
    assert browser.post("/admin/budgets/tip-outcome", data=changed).status_code == 303
    assert "used up" in browser.get("/admin/budgets/tip-outcome").text
    assert browser.post("/admin/budgets/nowhere", data=changed).status_code == 404
    browser.post("/admin/budgets/tip-outcome/lift")
    assert stored(PointBudget, "tip-outcome") is None
