"""Desks of decisions: awards that wait, appeals, adjustments by hand, and the inbox of them all."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from itertools import count

import pytest
from sqlalchemy import text

from mall import clock
from mall.crypto import keyring
from mall.db import Login, cursor
from points.earning.keys import member_hash
from points.earning.rules import rules_changed
from points.ledger.books import open_books

_numbers = count(1)


@pytest.fixture
def rule(run):
    """``rule(key, more)``: the rule of that key says ``more`` too."""

    def change(key, more):
        def write(tx):
            query = "UPDATE earning_rule_versions SET document = document || CAST(:more AS jsonb) WHERE rule_key = :key"
            tx.execute(text(query), {"more": json.dumps(more), "key": key})
            rules_changed(cursor(tx))

        run(Login.OWNER, write)

    return change


@pytest.fixture
def send(client, make_client):
    """``send(kind, **data)``: an event of u-1; ``send.source`` sends it."""
    source = make_client(["credits:write"])

    def post(kind, at=None, **data):
        at = at or clock.now() - timedelta(minutes=5) + timedelta(seconds=next(_numbers))
        event = {"id": f"ev-{next(_numbers)}", "type": kind, "member": "u-1", "occurred_at": at.isoformat()}
        answer = client.post("/api/v1/credit-events", json={**event, "data": data}, headers=source.auth)
        assert answer.status_code == 201, answer.json
        return answer.json

    post.source = source
    return post


@pytest.fixture
def figures(run):
    """Points that can be spent, that wait, and that are owed, of everybody together."""
    query = text("SELECT coalesce(sum(available), 0)::int, coalesce(sum(pending), 0)::int, coalesce(sum(debt), 0)::int "
                 "FROM ledger.wallets")  # fmt: skip
    return lambda: tuple(run(Login.OWNER, lambda tx: tx.execute(query).one()))


def form(**fields):
    return {"_key": f"press-{next(_numbers)}", "reason": "seen", **fields}


def told(browser, path="/admin/awards"):
    return re.findall(r'<div class="alert.*?<div>(.*?)</div>', browser.get(path).text, re.S)


def test_awards_are_lowered_confirmed_and_voided_one_by_one_and_several_at_once(desk, rule, send, figures):
    rule("activity-attended", {"pending": {"kind": "until_confirmed"}})
    for name in "abcd":
        send("activity.attended", activity=name)
    browser = desk("rules")
    ids = re.findall(r'name="award" value="(awd_\w+)"', browser.get("/admin/awards?rule=activity-attended").text)
    assert (len(ids), figures()) == (4, (0, 40, 0))
    first, second, third, fourth = ids
    browser.post(f"/admin/awards/{first}/decide", data=form(act="adjust", points="lots"))
    assert figures() == (0, 40, 0) and "alert-danger" in browser.get("/admin/awards").text
    once = form(act="adjust", points="4")
    for _ in range(2):
        browser.post(f"/admin/awards/{first}/decide", data=once)
    assert figures() == (0, 34, 0)
    browser.post(f"/admin/awards/{second}/decide", data=form(act="confirm"))
    assert figures() == (10, 24, 0)
    browser.post("/admin/awards/decide", data=form(act="cancel", award=[second, third]))
    assert figures() == (10, 14, 0)
    assert told(browser)[-1] == "1 award decided. 1 did not wait any more."
    browser.post("/admin/awards/decide", data=form(act="confirm"))
    assert told(browser) == ["Tick at least one award, and at most 100."]
    back = browser.post("/admin/awards/review", data=form(act="confirm", rule="activity-attended"))
    assert back.headers["Location"] == "/admin/awards?rule=activity-attended"
    assert (figures(), fourth in browser.get("/admin/awards").text) == ((24, 0, 0), False)


def test_what_a_campaign_pays_is_decided_together(desk, send, figures):
    browser = desk("rules")
    fields = {"key": "fair", "name.en": "Fair", "factor": "3", "review": "1"}
    assert browser.post("/admin/new-campaign", data=fields).status_code == 303
    browser.post("/admin/campaigns/fair/publish")
    send("activity.attended", activity="before")
    send("activity.attended", clock.now(), activity="now")
    assert figures() == (10, 30, 0)
    page = browser.get("/admin/awards?rule=activity-attended&campaign=fair").text
    assert "campaign Fair: × 3" in page and "Decide all 1 together" in page
    browser.post("/admin/awards/review", data=form(act="cancel", rule="activity-attended", campaign="fair"))
    assert (figures(), told(browser)[-1]) == ((10, 0, 0), "1 award decided.")


def test_awards_of_one_quiz_are_looked_at_and_an_owner_sets_from_what_price_orders_are(desk, run):
    columns = "id, code, category, title, summary, created_at"
    row = text(f"INSERT INTO quizzes ({columns}) VALUES ('quz_p', 'p', 'law', '{{\"en\": \"Law\"}}', '{{}}', now())")
    run(Login.OWNER, lambda tx: tx.execute(row))
    page = desk("rules").get("/admin/awards?rule=quiz-result&quiz=quz_p").text
    assert '<option value="quz_p" selected>Law</option>' in page and "No award waits." in page
    assert desk("rules").get("/admin/awards?quiz=quz_x").status_code == 404
    owner = desk("owner")
    assert owner.post("/admin/order-policy", data={"approval_above_points": "many"}).status_code == 422
    assert owner.post("/admin/order-policy", data={"approval_above_points": "5000"}).status_code == 303
    assert 'value="5000"' in desk("catalog").get("/admin/order-policy").text


def test_an_appeal_is_answered_in_the_back_office(desk, rule, send, figures, client, make_member, run):
    member = make_member()
    rule("tip-outcome", {"clawback": {"appeal_days": 3}})
    row = text("INSERT INTO sources.source_members VALUES (:hash, :source, :member, '', now())")
    values = {"hash": member_hash(keyring(), send.source.id, "u-1"), "source": send.source.id, "member": member.id}
    run(Login.OWNER, lambda tx: tx.execute(row, values))
    send("tip.outcome", case="c", stage="solved")
    send("tip.outcome", case="c", stage="malicious")
    browser = desk("rules")
    (debit,) = client.get("/api/v1/me/appeals", headers=member.auth).json["items"]
    body = {"debit": debit["id"], "answer": "I saw <it> myself"}
    assert client.post("/api/v1/me/appeals", json=body, headers=member.auth).status_code in (200, 201)
    assert re.search(r'href="/admin/appeals">1<', browser.get("/admin/approvals").text)
    page = browser.get("/admin/appeals").text
    assert "I saw &lt;it&gt; myself" in page and member.id not in page
    browser.post(f"/admin/appeals/{debit['id']}/decide", data=form(act="waive", reason=""))
    assert figures() == (100, 0, 0)
    browser.post(f"/admin/appeals/{debit['id']}/decide", data=form(act="uphold"))
    assert figures() == (0, 0, 50)
    browser.post(f"/admin/appeals/{debit['id']}/decide", data=form(act="waive"))
    assert figures() == (0, 0, 50)
    assert browser.person.username in browser.get("/admin/appeals?state=taken").text


def test_an_adjustment_asked_for_by_one_is_approved_by_another(desk, figures, make_member, run, now):
    member, first, second = make_member("zhang-san"), desk("rules"), desk("rules")
    wrong = first.post("/admin/new-adjustment", data=form(member="nobody", points="ten", reason="goodwill", note="x"))
    assert wrong.status_code == 422 and 'value="ten"' in wrong.text and "f-points-help" in wrong.text
    wrong = first.post("/admin/new-adjustment", data=form(member="nobody", points="10", reason="goodwill"))
    assert "Nobody is called so." in wrong.text
    once = form(member="zhang-san", kind="adjustment", points="+50", reason="goodwill", note="rain at the fair")
    for _ in range(2):
        assert first.post("/admin/new-adjustment", data=once).headers["Location"] == "/admin/adjustments"
    own = first.get("/admin/approvals").text
    assert own.count("rain at the fair") == 1 and "somebody else has to approve it" in own
    (asked,) = set(re.findall(r"/admin/adjustments/(adj_\w+)/approve", second.get("/admin/approvals").text))
    first.post(f"/admin/adjustments/{asked}/approve", data=form())
    assert figures() == (0, 0, 0)
    for _ in range(2):
        second.post(f"/admin/adjustments/{asked}/approve", data=form())
    assert figures() == (50, 0, 0)
    assert second.person.username in first.get("/admin/adjustments?state=approved").text

    def owe(tx):
        with open_books(tx, [member.id], now) as books:
            books[member.id].clawback(80, occurred_at=now, label="adjustment")

    run(Login.EARNING, owe)
    assert figures() == (0, 0, 30)
    sent = form(member=member.id, kind="write_off", points="31", reason="hardship")
    assert first.post("/admin/new-adjustment", data=sent).status_code == 409
    sent = form(member=member.id, kind="write_off", points="30", reason="hardship")
    assert first.post("/admin/new-adjustment", data=sent).status_code == 303
    (asked,) = set(re.findall(r"/admin/adjustments/(adj_\w+)/approve", second.get("/admin/adjustments").text))
    second.post(f"/admin/adjustments/{asked}/reject", data=form(reason="not yet"))
    assert (figures(), "not yet" in second.get("/admin/adjustments?state=rejected").text) == ((0, 0, 30), True)
