"""Taking quizzes over the API: no answer before submission, one grading, the best result pays."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from mall.db import Login, run_tx
from mall.errors import Conflict, Invalid
from points.quizzes.models import Quiz, QuizAttempt, QuizQuestion
from points.quizzes.publish import publish_quiz

WORD = {"zh": "中文", "en": "English"}
Headers = dict[str, str]
_numbers = itertools.count(1)


def _document(code: str = "five", count: int = 5) -> dict[str, Any]:
    question = {
        "text": WORD,
        "options": [WORD, WORD, WORD],
        "answer": 1,
        "explanation": {"zh": "因为", "en": "Because"},
    }
    return {"code": code, "category": "law", "title": WORD, "summary": WORD, "questions": [question] * count}


@pytest.fixture
def quiz(app: Flask) -> str:
    """A quiz of five questions, "b" right in each."""
    return run_tx(Login.BACKOFFICE, lambda tx: publish_quiz(tx, _document(), datetime.now(UTC)).id)


@pytest.fixture
def member(client: FlaskClient) -> Callable[[], Headers]:
    """Makes signed-in members."""

    def make() -> Headers:
        who = {"username": f"quizzer_{next(_numbers)}", "password": "a-good-long-password"}
        assert client.post("/api/v1/members", json=who).status_code == 201
        answer = client.post("/api/v1/sessions", json=who)
        return {"Authorization": f"Bearer {answer.json['token']}", "Accept-Language": "en"}

    return make


def _begin(client: FlaskClient, quiz: str, who: Headers) -> dict[str, Any]:
    answer = client.post(f"/api/v1/quizzes/{quiz}/attempts", headers=who)
    assert answer.status_code == 201
    return answer.json


def _answers(attempt: dict[str, Any], right: int) -> dict[str, str]:
    return {q["id"]: "b" if place < right else "a" for place, q in enumerate(attempt["questions"])}


def _hand_in(client: FlaskClient, attempt: str, answers: Any, who: Headers, key: str | None = None) -> Any:
    headers = {**who, "Idempotency-Key": key or f"key-{next(_numbers)}"}
    return client.post(f"/api/v1/attempts/{attempt}/answers", json={"answers": answers}, headers=headers)


def _take(client: FlaskClient, quiz: str, who: Headers, right: int) -> dict[str, Any]:
    attempt = _begin(client, quiz, who)
    answer = _hand_in(client, attempt["id"], _answers(attempt, right), who)
    assert answer.status_code == 200, answer.json
    return answer.json


def _available(client: FlaskClient, who: Headers) -> int:
    return client.get("/api/v1/me/balance", headers=who).json["available"]


def test_an_attempt_shows_questions_in_one_language_and_no_answers(
    client: FlaskClient, quiz: str, member: Callable[[], Headers]
) -> None:
    attempt = _begin(client, quiz, member())
    assert attempt["quiz"] == quiz
    assert len(attempt["questions"]) == 5
    for question in attempt["questions"]:
        assert set(question) == {"id", "kind", "text", "options"}
        assert question["text"] == "English"
        assert question["options"] == [{"id": name, "text": "English"} for name in "abc"]


@pytest.mark.parametrize(("right", "points"), [(0, 0), (2, 0), (3, 10), (4, 20), (5, 30)])
def test_a_result_pays_10_20_30_at_60_80_and_100_percent(
    client: FlaskClient, quiz: str, member: Callable[[], Headers], right: int, points: int
) -> None:
    who = member()
    graded = _take(client, quiz, who, right)
    assert (graded["score"], graded["max_score"], graded["percent"]) == (right, 5, right * 20)
    assert graded["points"] == points == _available(client, who)
    assert [result["correct"] for result in graded["results"]] == [place < right for place in range(5)]
    assert {result["answer"] for result in graded["results"]} == {"b"}
    assert {result["explanation"] for result in graded["results"]} == {"Because"}


def test_the_best_result_of_a_quiz_counts_and_is_paid_as_a_difference(
    client: FlaskClient, quiz: str, member: Callable[[], Headers]
) -> None:
    who = member()
    paid = [_take(client, quiz, who, right)["points"] for right in (3, 2, 5, 4, 5)]
    assert paid == [10, 0, 20, 0, 0]
    assert _available(client, who) == 30
    listed = client.get("/api/v1/quizzes", headers=who).json["items"]
    assert [item["best"] for item in listed] == [{"score": 5, "max_score": 5, "percent": 100}]


def test_answers_are_graded_once_and_the_same_key_gets_the_first_grade_again(
    client: FlaskClient, quiz: str, member: Callable[[], Headers]
) -> None:
    who = member()
    attempt = _begin(client, quiz, who)
    first = _hand_in(client, attempt["id"], _answers(attempt, 3), who, "one-key")
    again = _hand_in(client, attempt["id"], _answers(attempt, 3), who, "one-key")
    other = _hand_in(client, attempt["id"], _answers(attempt, 5), who)
    assert again.json == first.json
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (other.status_code, other.json["code"]) == (409, "attempt_submitted")
    assert _available(client, who) == 10


def test_without_an_idempotency_key_nothing_is_graded(
    client: FlaskClient, quiz: str, member: Callable[[], Headers]
) -> None:
    who = member()
    attempt = _begin(client, quiz, who)
    path = f"/api/v1/attempts/{attempt['id']}/answers"
    answer = client.post(path, json={"answers": _answers(attempt, 5)}, headers=who)
    assert (answer.status_code, answer.json["code"]) == (400, "idempotency_key_missing")
    assert _hand_in(client, attempt["id"], _answers(attempt, 5), who).json["points"] == 30


def test_another_members_attempt_does_not_exist(client: FlaskClient, quiz: str, member: Callable[[], Headers]) -> None:
    owner, stranger = member(), member()
    attempt = _begin(client, quiz, owner)
    assert _hand_in(client, attempt["id"], _answers(attempt, 5), stranger).status_code == 404
    assert _available(client, stranger) == 0
    assert _hand_in(client, attempt["id"], _answers(attempt, 5), owner).json["points"] == 30


def test_unknown_questions_and_options_are_named_and_leave_the_attempt_open(
    client: FlaskClient, quiz: str, member: Callable[[], Headers]
) -> None:
    who = member()
    attempt = _begin(client, quiz, who)
    first = attempt["questions"][0]["id"]
    answer = _hand_in(client, attempt["id"], {first: "z", "qst_none": "a"}, who)
    assert answer.status_code == 422
    assert set(answer.json["errors"]) == {f"answers.{first}", "answers.qst_none"}
    assert _hand_in(client, attempt["id"], _answers(attempt, 5), who).json["points"] == 30


@pytest.mark.parametrize(
    "answers", [None, [], "b", 3, {"q": 1}, {"q": None}, {"q": ["b"]}, {"q": "a\0"}, {str(n): "a" for n in range(51)}]
)
def test_answers_of_a_wrong_shape_are_refused_by_name(
    client: FlaskClient, quiz: str, member: Callable[[], Headers], answers: Any
) -> None:
    who = member()
    attempt = _begin(client, quiz, who)
    answer = _hand_in(client, attempt["id"], answers, who)
    assert answer.status_code == 422
    assert all(name.startswith("answers") for name in answer.json["errors"])
    assert _available(client, who) == 0


def test_quizzes_are_for_members_and_unknown_ones_do_not_exist(
    client: FlaskClient, quiz: str, member: Callable[[], Headers]
) -> None:
    assert client.get("/api/v1/quizzes").status_code == 401
    assert client.post(f"/api/v1/quizzes/{quiz}/attempts").status_code == 401
    assert client.post("/api/v1/quizzes/quiz_none/attempts", headers=member()).status_code == 404
    assert client.get("/api/v1/quizzes/quiz_none", headers=member()).status_code == 404
    assert client.get(f"/api/v1/quizzes/{quiz}", headers=member()).json["question_count"] == 5


def test_the_list_goes_page_by_page(client: FlaskClient, app: Flask, member: Callable[[], Headers]) -> None:
    for code in ("one", "two", "three"):
        run_tx(Login.BACKOFFICE, lambda tx, code=code: publish_quiz(tx, _document(code), datetime.now(UTC)))
    who = member()
    first = client.get("/api/v1/quizzes?limit=2", headers=who).json
    second = client.get(f"/api/v1/quizzes?limit=2&cursor={first['next_cursor']}", headers=who).json
    assert [item["code"] for item in first["items"] + second["items"]] == ["one", "two", "three"]
    assert second["next_cursor"] is None


def test_twenty_hands_at_once_grade_one_attempt_once(
    app: Flask, client: FlaskClient, quiz: str, member: Callable[[], Headers]
) -> None:
    who = member()
    attempt = _begin(client, quiz, who)

    def hand_in(number: int) -> int:
        return _hand_in(app.test_client(), attempt["id"], _answers(attempt, 5), who, f"race-{number}").status_code

    with ThreadPoolExecutor(20) as pool:
        statuses = sorted(pool.map(hand_in, range(20)))
    assert statuses == [200] + [409] * 19
    assert _available(client, who) == 30


def test_publishing_a_taken_code_or_a_bad_document_changes_nothing(app: Flask, quiz: str) -> None:
    with pytest.raises(Conflict):
        run_tx(Login.BACKOFFICE, lambda tx: publish_quiz(tx, _document(count=1), datetime.now(UTC)))
    with pytest.raises(Invalid):
        run_tx(Login.BACKOFFICE, lambda tx: publish_quiz(tx, {**_document("other"), "category": 1}, datetime.now(UTC)))
    kept = run_tx(Login.BACKOFFICE, lambda tx: (tx.query(Quiz).count(), tx.query(QuizQuestion).count()))
    assert kept == (1, 5)


def test_an_attempt_keeps_what_was_answered(client: FlaskClient, quiz: str, member: Callable[[], Headers]) -> None:
    graded = _take(client, quiz, member(), 4)
    kept = run_tx(Login.EARNING, lambda tx: tx.execute(select(QuizAttempt)).scalar_one())
    assert kept.id == graded["id"]
    assert (kept.score, kept.max_score, kept.points) == (4, 5, 20)
    assert sorted(kept.answers.values()) == ["a", "b", "b", "b", "b"]
