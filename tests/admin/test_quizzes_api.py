"""Quizzes and the bank for staff: publishing, importing JSON and spreadsheets, exporting what can be imported again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from mall.sheets import CSV_TYPE, XLSX_TYPE, read_sheet, write_csv, write_xlsx
from points.quizzes.sheet import HEADINGS

BOTH = {"zh": "中", "en": "E"}
ROWS = [
    list(HEADINGS),
    ["law-1", "law", "single", "哪个？", "Which?", "甲\n乙", "A\nB", "B", "因为", "Because"],
    ["law-2", "law", "multiple", "哪些？", "Which ones?", "甲|乙|丙", "A|B|C", "AC", "因为", "Because"],
    ["law-3", "law", "true_false", "对吗？", "Right?", "", "", "错", "因为", "Because"],
]


def _quiz(**more: Any) -> dict[str, Any]:
    question = {"text": BOTH, "options": [BOTH, BOTH], "answer": 0, "explanation": BOTH}
    return {
        "document": {"code": "new", "category": "law", "title": BOTH, "summary": BOTH, "questions": [question], **more}
    }


def _send(client: FlaskClient, content: bytes, kind: str, who: Any) -> Any:
    return client.post(
        "/api/v1/admin/quiz-questions/file", data=content, headers={**who.auth, "Content-Type": kind}
    )  # fmt: skip


@pytest.mark.parametrize(("kind", "write"), [(CSV_TYPE, write_csv), (XLSX_TYPE, lambda rows: write_xlsx(rows, "bank"))])
def test_a_file_fills_the_bank_and_the_file_fetched_back_changes_nothing(
    client: FlaskClient, make_staff: Any, kind: str, write: Any
) -> None:
    rules = make_staff("rules")
    answer = _send(client, write(ROWS), kind, rules)
    assert answer.json == {"added": ["law-1", "law-2", "law-3"], "changed": [], "unchanged": []}
    listed = client.get("/api/v1/admin/quiz-questions", headers=rules.auth).json["items"]
    assert [(one["kind"], one["document"]["answer"]) for one in listed] == [
        ("single", 1), ("multiple", [0, 2]), ("true_false", False),
    ]  # fmt: skip
    query = "csv" if kind == CSV_TYPE else "xlsx"
    fetched = client.get(f"/api/v1/admin/quiz-questions/file?format={query}", headers=rules.auth)
    assert len(read_sheet(fetched.data, kind)) == 4
    again = _send(client, fetched.data, kind, rules)
    assert again.json == {"added": [], "changed": [], "unchanged": ["law-1", "law-2", "law-3"]}


def test_one_bad_row_refuses_the_whole_file_and_is_named(client: FlaskClient, make_staff: Any) -> None:
    rules = make_staff("catalog")
    bad = [*ROWS, ["law-4", "cooking", "single", "?", "?", "甲", "A", "Z", "", ""]]
    answer = _send(client, write_csv(bad), CSV_TYPE, rules)
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == ["questions.3.category"]
    assert client.get("/api/v1/admin/quiz-questions", headers=rules.auth).json["items"] == []


@pytest.mark.parametrize("content", [b"\xff\xfe\x00\x01", b"", b"PK\x03\x04broken"])
def test_a_file_that_is_no_table_is_refused(client: FlaskClient, make_staff: Any, content: bytes) -> None:
    assert _send(client, content, XLSX_TYPE, make_staff("rules")).status_code == 422


def test_a_quiz_is_published_changed_and_retired_with_an_audit_row_each(client: FlaskClient, make_staff: Any) -> None:
    rules, owner = make_staff("rules"), make_staff("owner")
    made = client.post("/api/v1/admin/quizzes", json=_quiz(), headers=rules.auth)
    assert (made.status_code, made.json["question_count"], made.json["draw"]) == (201, 1, None)
    path = f"/api/v1/admin/quizzes/{made.json['id']}"
    changes = {"attempts": {"count": 3, "period": "week"}, "closes_at": "2027-01-01T00:00:00+08:00"}
    changed = client.patch(path, json=changes, headers=rules.auth).json
    assert changed["attempts"] == {"count": 3, "period": "week"}
    assert changed["closes_at"] == "2026-12-31T16:00:00+00:00"
    kept = client.patch(path, json={"shuffle": True}, headers=rules.auth).json
    assert (kept["shuffle"], kept["attempts"]) == (True, {"count": 3, "period": "week"})
    retired = client.patch(path, json={"retired": True, "attempts": None}, headers=rules.auth).json
    assert datetime.fromisoformat(retired["retired_at"]) <= datetime.now(UTC)
    assert retired["attempts"] is None
    log = client.get("/api/v1/admin/audit", headers=owner.auth).json["items"]
    assert [entry["action"] for entry in log if entry["action"].startswith("quiz.")] == ["quiz.changed"] * 3 + [
        "quiz.published"
    ]


def test_a_bad_document_names_its_part_in_the_readers_language_and_publishes_nothing(
    client: FlaskClient, make_staff: Any
) -> None:
    rules = make_staff("rules")
    answer = client.post("/api/v1/admin/quizzes", json=_quiz(pass_percent=101), headers=rules.auth)
    assert answer.status_code == 422
    assert answer.json["errors"] == {"document.pass_percent": ["必须是 1 到 100 的整数"]}
    twice = [client.post("/api/v1/admin/quizzes", json=_quiz(), headers=rules.auth).status_code for _ in range(2)]
    assert twice == [201, 409]
    assert len(client.get("/api/v1/admin/quizzes", headers=rules.auth).json["items"]) == 1


@pytest.mark.parametrize("role", ["fulfilment", "auditor"])
def test_other_roles_publish_no_quiz(client: FlaskClient, make_staff: Any, role: str) -> None:
    who = make_staff(role)
    assert client.post("/api/v1/admin/quizzes", json=_quiz(), headers=who.auth).status_code == 403
    assert _send(client, write_csv(ROWS), CSV_TYPE, who).status_code == 403
