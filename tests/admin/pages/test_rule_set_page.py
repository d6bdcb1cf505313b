"""The rule set's file in the back office: taken away, changed, looked at, put in."""

from __future__ import annotations

import html
import io
import json
import re

from sqlalchemy import func, select

from mall.db import Login
from points.earning.rule_models import EarningRuleVersion


def upload(browser, value):
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    form = {"file": (io.BytesIO(raw), "mine.json")}
    return browser.post("/admin/rule-set", data=form, content_type="multipart/form-data")


def versions(run):
    return run(Login.OWNER, lambda tx: tx.scalar(select(func.count()).select_from(EarningRuleVersion)))


def test_a_file_is_taken_changed_looked_at_and_put_in(desk, run):
    browser = desk("rules")
    taken = browser.get("/admin/rule-set/file")
    assert re.search(r'filename="rule-set-[0-9-]{10}\.json"', taken.headers["Content-Disposition"])
    assert "Nothing: it says the same." in upload(browser, taken.data).text
    file, before = json.loads(taken.data), versions(run)
    tip = next(one for one in file["earning_rules"] if one["key"] == "tip-outcome")
    tip["document"]["points"]["base"]["equal"]["solved"] = 120
    shown = upload(browser, file).text
    assert re.findall(r"<(?:del|ins)>([^<]*)<", shown) == ["100", "120"] and "version 2, as a draft" in shown
    assert versions(run) == before
    sent = html.unescape(re.search(r'name="file" value="([^"]*)"', shown)[1])
    assert browser.post("/admin/rule-set/import", data={"file": sent}).headers["Location"] == "/admin/rules"
    assert versions(run) == before + 1
    assert "Put in: 1 change." in browser.get("/admin/rules").text


def test_a_file_that_is_wrong_is_refused_with_every_place(desk, run):
    browser, before = desk("rules"), versions(run)
    file = json.loads(browser.get("/admin/rule-set/file").data)
    file["budgets"] = [{"scope": "nowhere", "period": "month", "limit_points": 5, "action": "stop"}]
    file["earning_rules"][0]["document"]["visibility"] = "secret"
    answer = upload(browser, file)
    assert answer.status_code == 422
    assert re.findall(r"<code>([^<]+)</code>", answer.text) == [
        "earning_rules.0.document.visibility", "budgets.0.scope",
    ]  # fmt: skip
    for raw in (b"", b"\xff", b"[" * 100_000, b"{}"):
        assert upload(browser, raw).status_code == 422
    assert browser.post("/admin/rule-set/import", data={"file": json.dumps(file)}).status_code == 422
    assert browser.post("/admin/rule-set/import").status_code == 422
    assert versions(run) == before


def test_an_auditor_takes_the_file_and_puts_nothing_in(desk):
    page = desk("auditor").get("/admin/rule-set").text
    assert "/admin/rule-set/file" in page and 'type="file"' not in page
