"""The quiz desk: a draft made in the form, seen by nobody until it is published; the bank; results decided on."""

from __future__ import annotations

import io
import re

import pytest

from mall.db import Login, run_tx
from points.quizzes.bank_keeping import import_questions

pytestmark = pytest.mark.usefixtures("unguarded")

IMPORT = "/admin/quiz-questions-import"
FORM = {
    "title.zh": "每周普法", "title.en": "Law of the week", "summary.zh": "五题", "summary.en": "Five",
    "category": "law", "draw.law": "2", "minutes": "1.5", "attempts": "1", "period": "week", "pass_percent": "60",
    "shuffle": "1", "hold_results": "1",
}  # fmt: skip


def _bank(now, count=3):
    question = {
        "category": "law", "text": {"zh": "哪个？", "en": "Which?"}, "answer": 1,
        "explanation": {"zh": "为", "en": "So"}, "options": [{"zh": "甲", "en": "A"}, {"zh": "乙", "en": "B"}],
    }  # fmt: skip
    run_tx(
        Login.BACKOFFICE,
        lambda tx: import_questions(tx, [{**question, "code": f"law-{n}"} for n in range(count)], now),
    )


def test_a_quiz_goes_from_a_draft_over_members_to_a_confirmed_result(client, desk, make_member, now):
    _bank(now)
    editor, who = desk("rules"), make_member()
    short = editor.post("/admin/new-quiz", data={**FORM, "draw.law": "9"})
    assert (
        short.status_code == 422
        and "The bank has only 3 such questions." in short.text
        and 'value="每周普法"' in short.text
    )
    made = editor.post("/admin/new-quiz", data=FORM).headers["Location"]
    assert "1.5" in editor.get(made).text
    quiz = made.rsplit("/", 1)[1]
    assert client.get(f"/quizzes/{quiz}").status_code == 404
    assert client.post(f"/api/v1/quizzes/{quiz}/attempts", headers=who.auth).status_code == 404
    version = re.search(r'name="version" value="(\d+)"', editor.get(made).text)[1]
    assert editor.post(made, data={**FORM, "title.en": "First", "version": version}).status_code == 303
    second = editor.post(made, data={**FORM, "title.en": "Second", "version": version})
    assert second.status_code == 409 and 'value="Second"' in second.text
    assert 'value="First"' in editor.get(made).text
    assert editor.post(f"{made}/publish").status_code == 303
    assert editor.post(made, data={**FORM, "draw.law": "1", "version": "3"}).status_code == 303
    assert client.get(f"/api/v1/quizzes/{quiz}", headers=who.auth).json["question_count"] == 2
    begun = client.post(f"/api/v1/quizzes/{quiz}/attempts", headers=who.auth).json
    assert begun["due_at"] > begun["started_at"]
    answers = {"answers": {question["id"]: "b" for question in begun["questions"]}}
    headers = {**who.auth, "Idempotency-Key": "once"}
    assert client.post(f"/api/v1/attempts/{begun['id']}/answers", json=answers, headers=headers).json["points"] == 30
    assert "审核中" in client.get(f"/attempts/{begun['id']}", headers=who.auth).text
    assert client.get("/api/v1/me/balance", headers=who.auth).json["available"] == 0
    page = editor.get(f"{made}/results?state=waiting").text
    assert begun["id"] in page and "too quick" in page
    decided = {"_key": "k", "result": begun["id"], "reason": "looked", "act": "confirm"}
    assert editor.post(f"{made}/results/decide", data=decided).status_code == 303
    assert client.get("/api/v1/me/balance", headers=who.auth).json["available"] == 30
    file = editor.get(made.replace("/admin/", "/admin/files/") + "/results").data.decode("utf-8-sig")
    assert begun["id"] in file and "confirmed" in file


def test_an_award_that_is_decided_on_elsewhere_takes_its_result_along(client, desk, make_member, now):
    _bank(now)
    editor, who = desk("rules"), make_member()
    made = editor.post("/admin/new-quiz", data=FORM).headers["Location"]
    editor.post(f"{made}/publish")
    begun = client.post(f"/api/v1/quizzes/{made.rsplit('/', 1)[1]}/attempts", headers=who.auth).json
    answers = {"answers": {question["id"]: "b" for question in begun["questions"]}}
    client.post(f"/api/v1/attempts/{begun['id']}/answers", json=answers, headers={**who.auth, "Idempotency-Key": "one"})
    asked = {"_key": "r", "reason": "no", "act": "cancel", "rule": "quiz-result"}
    assert editor.post("/admin/awards/review", data=asked).status_code == 303
    assert "不予计入" in client.get(f"/attempts/{begun['id']}", headers=who.auth).text
    assert client.get("/api/v1/me/balance", headers=who.auth).json["pending"] == 0


def test_a_question_is_written_mended_without_touching_old_attempts_and_retired(desk, client, make_member, now):
    _bank(now, 2)
    editor, who = desk("catalog"), make_member()
    made = editor.post("/admin/new-quiz", data=FORM).headers["Location"]
    editor.post(f"{made}/publish")
    attempt = client.post(f"/api/v1/quizzes/{made.rsplit('/', 1)[1]}/attempts", headers=who.auth).json
    listed = re.findall(r'href="(/admin/quiz-questions/qst_[^"]+)"', editor.get("/admin/quiz-questions").text)
    typed = {
        "category": "law", "kind": "multiple", "text.zh": "哪些？", "text.en": "Which ones?", "option.a.zh": "甲",
        "option.a.en": "A", "option.c.zh": "丙", "option.c.en": "C", "right": ["a", "c"], "explanation.zh": "为",
        "explanation.en": "So", "version": "1",
    }  # fmt: skip
    bad = editor.post(listed[0], data={**typed, "option.c.en": ""})
    assert bad.status_code == 422 and 'value="丙"' in bad.text
    saved = editor.post(listed[0], data=typed).headers["Location"]
    assert saved != listed[0] and editor.get(listed[0]).status_code == 404
    headers = {**who.auth, "Idempotency-Key": "old"}
    old = {"answers": {question["id"]: "b" for question in attempt["questions"]}}
    graded = client.post(f"/api/v1/attempts/{attempt['id']}/answers", json=old, headers=headers).json
    assert (graded["score"], graded["max_score"]) == (2, 2)
    needed = editor.post(f"{saved}/active", data={"active": "0"})
    assert needed.headers["Location"] == saved and "Retired" not in editor.get(saved).text


def test_a_file_with_a_bad_line_says_so_line_by_line_and_brings_nothing_in(desk, now):
    editor = desk("rules")
    rows = "code,category,kind,text zh,text en,options zh,options en,answer,explanation zh,explanation en\n"
    good = "law-1,law,true_false,对吗,Right?,,,对,为,So\n"
    bad = "law-2,cooking,true_false,对吗,Right?,,,对,为,So\n"
    sent = editor.post(
        "/admin/quiz-questions-import", data={"list": (io.BytesIO((rows + good + bad).encode()), "a.csv")}
    )
    assert sent.status_code == 422 and "could be brought in" in sent.text and "There is no such category" in sent.text
    assert "law-1" not in editor.get("/admin/quiz-questions").text
    for told in ("1 added", "1 were there already"):
        sent = editor.post(IMPORT, data={"list": (io.BytesIO((rows + good).encode()), "a.csv")})
        assert sent.status_code == 200 and told in sent.text


def test_categories_are_named_used_and_only_unused_ones_go(desk, now):
    _bank(now, 1)
    editor = desk("rules")
    new = {"code": "health", "name.zh": "健康", "name.en": "Health"}
    assert [editor.post("/admin/quiz-categories", data=new).status_code for _ in range(2)] == [303, 409]
    assert editor.post("/admin/quiz-categories/law/remove").status_code == 303
    assert editor.post("/admin/quiz-categories/health/remove").status_code == 303
    page = editor.get("/admin/quiz-categories").text
    assert 'action="/admin/quiz-categories/law"' in page and "/quiz-categories/health" not in page
