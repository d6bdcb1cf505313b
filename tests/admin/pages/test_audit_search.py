"""The audit trail is searched: by who, what, to what, when and for words; a rule's deeds are one link away."""

from __future__ import annotations

import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from audit_words import keys_without_words

from mall import audit
from mall.db import Login

URL = "/api/v1/admin/audit"


@pytest.fixture
def trail(run, now, make_staff):
    """Deeds of two people on three days; ``trail.auth`` reads them."""
    ada, ben = make_staff("rules", "ada"), make_staff("rules", "ben")
    deeds = (
        (0, ada, "gift.changed", "gift:gft_1", {"name": "台灯", "price": "100%"}),
        (1, ben, "gift.changed", "gift:gft_2", {"name": "Lamp_shade"}),
        (1, ada, "award.cancelled", "award:awd_1", {"reason": "重复上报的线索"}),
        (2, ben, "rule_controls.changed", "rule-controls", {"backtest_required": True}),
    )

    def write(tx):
        for day, who, action, subject, detail in deeds:
            audit.record(tx, f"staff:{who.id}", action, subject, detail, now + timedelta(days=day))

    run(Login.BACKOFFICE, write)
    reader = make_staff("auditor")
    return SimpleNamespace(reader=reader, auth=reader.auth, ada=ada, first=now)


def found(client, trail, **query):
    answer = client.get(URL, query_string=query, headers=trail.auth)
    assert answer.status_code == 200, answer.json
    # Sorted: deeds of one millisecond stand in no order of their own.
    return sorted(one["subject"] for one in answer.json["items"] if not one["action"].startswith("staff."))


@pytest.mark.parametrize("newest", [audit.LOOKED_AT, 1, 3])
def test_every_word_must_be_there_in_any_language(client, trail, monkeypatch, newest):
    monkeypatch.setattr(audit, "LOOKED_AT", newest)
    for words, subjects in {
        "台灯": ["gift:gft_1"],
        "上报": ["award:awd_1"],
        "LAMP": ["gift:gft_2"],
        "gift.changed name": ["gift:gft_1", "gift:gft_2"],
        "gift 上报": [],
        "100%": ["gift:gft_1"],
        "%": ["gift:gft_1"],
        "p_s": ["gift:gft_2"],
        "灯台": [],
        "gft_1": ["gift:gft_1"],
    }.items():
        assert found(client, trail, q=words) == subjects, words


@pytest.mark.parametrize("newest", [audit.LOOKED_AT, 2])
def test_who_what_kind_and_days_narrow_it_and_pages_follow_on(client, trail, monkeypatch, newest):
    monkeypatch.setattr(audit, "LOOKED_AT", newest)
    assert found(client, trail, actor=f"staff:{trail.ada.id}") == ["award:awd_1", "gift:gft_1"]
    assert found(client, trail, kind="gift") == ["gift:gft_1", "gift:gft_2"]
    assert found(client, trail, kind="rule-controls") == ["rule-controls"]
    assert found(client, trail, kind="gif") == []
    since, until = trail.first + timedelta(days=1), trail.first + timedelta(days=2)
    assert found(client, trail, since=since.isoformat(), until=until.isoformat()) == ["award:awd_1", "gift:gft_2"]
    query = {"kind": "gift", "q": "name", "limit": 1}
    first = client.get(URL, query_string=query, headers=trail.auth).json
    rest = client.get(URL, query_string={**query, "cursor": first["next_cursor"]}, headers=trail.auth).json
    assert sorted(one["subject"] for page in (first, rest) for one in page["items"]) == ["gift:gft_1", "gift:gft_2"]
    assert rest["next_cursor"] is None


def test_the_page_keeps_its_filters_in_the_address_and_knows_usernames(trail, desk):
    browser = desk(person=trail.reader)
    page = browser.get("/admin/audit?actor=ada&q=name&kind=gift&limit=1").text
    assert "gift:gft_1" in page and "gift:gft_2" not in page and 'value="ada"' in page
    first = browser.get("/admin/audit?kind=gift&q=name&limit=1").text
    onwards = re.search(r'href="(/admin/audit\?[^"]*cursor=[^"]+)"', first)[1].replace("&amp;", "&")
    assert "kind=gift" in onwards and "q=name" in onwards
    assert ("gift:gft_1" in browser.get(onwards).text) != ("gift:gft_1" in first)


def test_who_drafted_approved_and_published_a_rule_is_one_link_from_it(desk):
    first, second = desk("rules"), desk("owner")
    rule = "/admin/rules/tip-outcome"
    assert "Nothing yet" in first.get(f"{rule}/history").text
    first.post(f"{rule}/drafts")
    first.post(f"{rule}/versions/2/submit")
    second.post(f"{rule}/versions/2/approve")
    first.post(f"{rule}/versions/2/publish")
    assert f'href="{rule}/history"' in first.get(rule).text
    page = first.get(f"{rule}/history").text
    deeds = re.findall(r"<td>(staff-\d+)</td>\s*<td>(\w+)", page)
    ours, theirs = first.person.username, second.person.username
    assert deeds == [(ours, "Published"), (theirs, "Approved"), (ours, "Submitted"), (ours, "Drafted")]
    assert "/admin/audit" not in re.sub(r"<aside.*?</aside>", "", page, flags=re.S)
    assert "/admin/audit?subject=earning-rule:tip-outcome" in second.get(f"{rule}/history").text


def test_a_key_without_a_word_is_found_by_the_guard():
    known = {"before": {"limit_points": 1}, "after": None, "reason": "x"}
    assert keys_without_words(known) == []
    assert keys_without_words({**known, "fresh_key": 1, "before": {"odd": 1, "points": 2}}) == ["fresh_key", "odd"]


def test_details_are_told_in_the_readers_words(desk, run, now):
    detail = {"before": {"limit_points": 1500, "period": "total"}, "after": None}
    run(Login.BACKOFFICE, lambda tx: audit.record(tx, "system", "budget.set", "budget:programme", detail, now))
    page = desk("auditor", lang="zh").get("/admin/audit?action=budget.set").text
    assert "周期: 总计；上限（积分）: 1500" in page and "limit_points" not in page
