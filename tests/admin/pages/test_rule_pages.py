"""Rules in the back office: read, drafted, checked while typed, approved by somebody else, published, brought back."""

from __future__ import annotations

import html
import re

import pytest
from sqlalchemy import select

from mall.db import Login
from points.earning.rule_models import EarningRuleVersion

V2 = "/admin/rules/tip-outcome/versions/2"


def fields(page):
    """The edit form as a browser would send it: names and values, selects by their chosen option."""
    form = page[page.index('id="rule-form"') : page.index("</form>", page.index('id="rule-form"'))]
    found = []
    for tag in re.findall(r"<input[^>]*>", form):
        attributes = dict(re.findall(r'([a-z_-]+)="([^"]*)"', tag))
        if "name" in attributes and (attributes.get("type") != "checkbox" or " checked" in tag):
            found.append((attributes["name"], html.unescape(attributes.get("value", ""))))
    for name, options in re.findall(r'<select[^>]*? name="([^"]+)".*?>(.*?)</select>', form, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options) or re.search(r'value="([^"]*)"', options)
        found.append((name, html.unescape(chosen[1])))
    for name, text in re.findall(r'<textarea[^>]*? name="([^"]+)".*?>(.*?)</textarea>', form, re.S):
        found.append((name, html.unescape(text)))
    return dict(found)


def stored(run, key="tip-outcome"):
    def read(tx):
        query = select(EarningRuleVersion).where(EarningRuleVersion.rule_key == key).order_by("version")
        return [(row.version, row.state, row.revision, row.document) for row in tx.scalars(query)]

    return run(Login.BACKOFFICE, read)


@pytest.fixture
def drafting(desk):
    """A rules person with a fresh draft open, and the fields of its form."""
    browser = desk("rules")
    answer = browser.post("/admin/rules/tip-outcome/drafts")
    assert answer.headers["Location"] == f"{V2}/edit"
    return browser, fields(browser.get(f"{V2}/edit").text)


def solved(form):
    """The field of the points for a solved tip."""
    key = next(name for name, value in form.items() if name.startswith("base.") and value == "solved")
    return key.replace(".key", ".value")


def test_the_list_and_the_rule_in_plain_words(desk):
    browser = desk("auditor")
    listed = browser.get("/admin/rules").text
    assert "Tip outcome" in listed and "Outcome of a tip" in listed and "New rule" not in listed
    page = browser.get("/admin/rules/tip-outcome").text
    assert "by stage: received 2; adopted 20; solved 100; rejected 0; overturned 0; malicious -50" in page
    cells = re.search(r'<th scope="row">solved</th>(.*?)</tr>', page)[1]
    assert re.findall(r">([0-9]+)</td>", cells) == ["100", "120", "150", "200", "250", "300"]
    assert "Change this rule" not in page


def test_the_list_says_what_each_rule_paid_this_month(desk, client, make_client, now):
    source = make_client()
    for number, grade in ((1, 2), (2, 1)):
        data = {"case": f"case-{number}", "stage": "solved", "grade": grade}
        event = {"id": f"ev-{number}", "type": "tip.outcome", "member": "m-1", "occurred_at": now.isoformat()}
        assert (
            client.post("/api/v1/credit-events", json={**event, "data": data}, headers=source.auth).status_code == 201
        )
    back = {"case": "case-2", "stage": "overturned"}
    event = {"id": "ev-3", "type": "tip.outcome", "member": "m-1", "occurred_at": now.isoformat(), "data": back}
    assert client.post("/api/v1/credit-events", json=event, headers=source.auth).status_code == 201
    row = re.search(r'href="/admin/rules/tip-outcome".*?</tr>', desk("rules").get("/admin/rules").text, re.S)[0]
    assert re.findall(r'<td class="num">([^<]*)</td>', row) == ["150"]


def test_a_draft_opened_and_saved_untouched_says_the_same(drafting, run):
    browser, form = drafting
    answer = browser.post(f"{V2}/edit", data={**form, "act": "save"})
    assert answer.headers["Location"] == V2
    assert "Nothing: it says the same." in browser.get(V2).text
    (_, _, _, published), (_, state, revision, draft) = stored(run)
    assert (state, revision) == ("draft", 2)
    assert draft["points"]["base"] == published["points"]["base"]


def test_solved_is_changed_and_the_difference_shown(drafting, run):
    browser, form = drafting
    browser.post(f"{V2}/edit", data={**form, solved(form): "120", "act": "save"})
    page = browser.get(V2).text
    assert "<del>100</del>" in page and "<ins>120</ins>" in page
    assert stored(run)[1][3]["points"]["base"]["equal"]["solved"] == 120


def test_checking_shows_reasons_and_the_example_and_changes_nothing(drafting, run):
    browser, form = drafting
    before = stored(run)
    good = {**form, "fact.grade": "2", "fact_at": "2026-11-22T10:00", "act": "check"}
    assert re.search(r'example-points"><b>150</b> points', browser.post(f"{V2}/edit", data=good).text)
    wrong = {**good, solved(form): "many", "cap.0.limit": "x", "cap.0.per": "member", "cap.0.unit": "points"}
    answer = browser.post(f"{V2}/edit", data={**wrong, "cap.0.period": "day"})
    place = solved(form).replace(".", "-")
    assert f'id="f-{place}-help" data-live><div class="invalid-feedback d-block">must be a number</div>' in answer.text
    assert "must be a whole number from 0 to 1000000000000" in answer.text
    assert "Shown once everything on the left is in order." in answer.text
    assert stored(run) == before


@pytest.mark.parametrize(
    ("lang", "reason"),
    [("en", "line 1, column 6: there is no field grad"), ("zh", "第 1 行第 6 列：没有名为 grad 的字段")],
)
def test_a_bad_expression_is_refused_with_place_and_reason_in_the_readers_language(desk, run, lang, reason):
    browser = desk("rules", lang=lang)
    browser.post("/admin/rules/tip-outcome/drafts")
    form = fields(browser.get(f"{V2}/edit").text)
    before = stored(run)
    cel = {**form, "condition_mode": "cel", "condition_was": "cel", "condition": " 1 < grad", "act": "save"}
    answer = browser.post(f"{V2}/edit", data=cel)
    assert answer.status_code == 422
    assert reason in answer.text and " 1 &lt; grad</textarea>" in answer.text
    assert stored(run) == before


def test_conditions_are_picked_and_become_an_expression(drafting, run):
    browser, form = drafting
    form = fields(browser.post(f"{V2}/edit", data={**form, "act": "add:rows"}).text)
    form |= {"rows.0.field": "grade", "rows.0.sign": ">=", "rows.0.value": "1"}
    answer = browser.post(f"{V2}/edit", data={**form, "condition_mode": "cel", "act": "refresh"})
    assert "grade &gt;= 1</textarea>" in answer.text
    browser.post(f"{V2}/edit", data={**form, "act": "save"})
    assert stored(run)[1][3]["condition"] == "grade >= 1"
    assert "grade is at least 1" in browser.get(V2).text


def test_an_expression_beyond_rows_stays_one(drafting, run):
    browser, form = drafting
    complex_one = {**form, "condition_mode": "cel", "condition_was": "cel", "condition": "grade > 1 || hour < 8"}
    browser.post(f"{V2}/edit", data={**complex_one, "act": "save"})
    form = fields(browser.get(f"{V2}/edit").text)
    assert form["condition_mode"] == "cel"
    answer = browser.post(f"{V2}/edit", data={**form, "condition_mode": "rows", "act": "refresh"})
    assert "grade &gt; 1 || hour &lt; 8</textarea>" in answer.text


def test_the_second_of_two_editors_is_told_and_overwrites_nothing(drafting, desk, run):
    browser, form = drafting
    other = desk("rules")
    assert other.post(f"{V2}/edit", data={**form, solved(form): "130", "act": "save"}).status_code == 303
    answer = browser.post(f"{V2}/edit", data={**form, solved(form): "140", "act": "save"})
    assert answer.status_code == 409
    assert 'value="140"' in answer.text
    assert stored(run)[1][3]["points"]["base"]["equal"]["solved"] == 130


def test_a_second_person_approves_and_the_first_publishes_and_rolls_back(drafting, desk, run):
    browser, form = drafting
    browser.post(f"{V2}/edit", data={**form, solved(form): "120", "act": "save"})
    assert browser.post(f"{V2}/submit").status_code == 303
    assert "somebody else has to approve it" in browser.get(V2).text
    browser.post(f"{V2}/approve")
    assert "alert-danger" in browser.get(V2).text
    assert stored(run)[1][1] == "submitted"
    second = desk("owner")
    second.post(f"{V2}/approve")
    assert stored(run)[1][1] == "approved"
    assert "Approved by" in browser.get(V2).text
    browser.post(f"{V2}/publish")
    assert "In force: version 2" in browser.get("/admin/rules/tip-outcome").text
    answer = browser.post("/admin/rules/tip-outcome/versions/1/rollback")
    assert answer.headers["Location"] == "/admin/rules/tip-outcome/versions/3"
    assert "In force: version 3" in browser.get("/admin/rules/tip-outcome").text
    assert stored(run)[2][3] == stored(run)[0][3]


def test_sending_back_needs_a_reason(drafting, desk, run):
    browser, _form = drafting
    browser.post(f"{V2}/submit")
    second = desk("owner")
    second.post(f"{V2}/reject", data={"reason": " "})
    assert stored(run)[1][1] == "submitted"
    second.post(f"{V2}/reject", data={"reason": "too dear"})
    assert stored(run)[1][1] == "draft"
    assert "Sent back: too dear" in browser.get(V2).text


def test_a_published_version_is_not_edited(desk, run):
    browser, before = desk("rules"), stored(run)
    assert browser.get("/admin/rules/tip-outcome/versions/1/edit").status_code == 303
    assert browser.post("/admin/rules/tip-outcome/versions/1/edit", data={"act": "save"}).status_code == 409
    assert stored(run) == before


def test_a_new_rule_begins_as_a_draft(desk, run):
    browser = desk("rules")
    wrong = browser.post("/admin/new-rule", data={"key": "Bad Key", "title.zh": "周末", "event": "quiz.result"})
    assert wrong.status_code == 422 and 'value="Bad Key"' in wrong.text and "invalid-feedback" in wrong.text
    answer = browser.post("/admin/new-rule", data={"key": "weekend", "title.zh": "周末答题", "event": "quiz.result"})
    assert answer.headers["Location"] == "/admin/rules/weekend/versions/1/edit"
    assert stored(run, "weekend")[0][1] == "draft"
    assert browser.get("/admin/rules/weekend/versions/1/edit").status_code == 200
    again = browser.post("/admin/new-rule", data={"key": "weekend", "title.zh": "周末答题", "event": "quiz.result"})
    assert (
        again.status_code == 409 and "There is a rule of this name already" in again.text
    ) or again.status_code == 409


def test_the_owner_sets_the_limits(desk):
    owner, other = desk("owner"), desk("rules")
    form = {"approve_above_award_points": "500", "approve_above_minted_points": "", "backtest_required": "1"}
    assert owner.post("/admin/rule-controls", data=form).status_code == 303
    shown = other.get("/admin/rule-controls").text
    assert 'value="500"' in shown and "Only an owner can change these." in shown
    bad = owner.post("/admin/rule-controls", data={**form, "approve_above_award_points": "lots"})
    assert bad.status_code == 422 and 'value="lots"' in bad.text
    assert 'value="500"' in other.get("/admin/rule-controls").text


def test_a_back_test_of_no_history_is_done_at_once(drafting):
    browser, form = drafting
    browser.post(f"{V2}/edit", data={**form, solved(form): "120", "act": "save"})
    answer = browser.post(f"{V2}/backtests")
    assert answer.headers["Location"].startswith(f"{V2}/backtests/bkt_")
    page = browser.get(answer.headers["Location"]).text
    assert "Events replayed" in page and "Fewer than 20 members" in page
    bad = browser.post(f"{V2}/backtests", data={"from": "2026-02-31"})
    assert bad.headers["Location"] == V2
    assert "alert-danger" in browser.get(V2).text
