"""Quizzes in a browser: list, quiz, attempt, result; forms work without JavaScript and count once."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from mall.db import Login, run_tx
from points.quizzes.publish import publish_quiz

pytestmark = pytest.mark.usefixtures("unguarded")

WORD = {"zh": "普法", "en": "Law"}
QUESTION = {
    "text": {"zh": "哪个对？", "en": "Which?"},
    "options": [{"zh": "甲", "en": "A"}, {"zh": "乙", "en": "B"}],
    "answer": 1,
    "explanation": {"zh": "因为法律这样规定", "en": "So the law says"},
}


@pytest.fixture
def quiz(app: Flask) -> str:
    """A quiz of five questions, the second option right in each."""
    document = {"code": "q", "category": "law", "title": WORD, "summary": WORD, "questions": [QUESTION] * 5}
    return run_tx(Login.BACKOFFICE, lambda tx: publish_quiz(tx, document, datetime.now(UTC)).id)


@pytest.fixture
def headers(client: FlaskClient) -> dict[str, str]:
    """A signed-in member's."""
    who = {"username": "page_quizzer", "password": "a-good-long-password"}
    assert client.post("/api/v1/members", json=who).status_code == 201
    return {"Authorization": f"Bearer {client.post('/api/v1/sessions', json=who).json['token']}"}


def _begin(client: FlaskClient, quiz: str, headers: dict[str, str]) -> str:
    answer = client.post(f"/quizzes/{quiz}/attempts", data={"_key": "begin"}, headers=headers)
    assert answer.status_code == 303
    return answer.headers["Location"]


def test_a_quiz_is_taken_and_its_result_explained(client: FlaskClient, quiz: str, headers: dict[str, str]) -> None:
    assert "普法" in client.get("/quizzes", headers=headers).text
    about = client.get(f"/quizzes/{quiz}", headers=headers).text
    assert all(points in about for points in ("+10", "+20", "+30"))
    attempt = _begin(client, quiz, headers)
    shown = client.get(attempt, headers=headers).text
    assert "因为法律这样规定" not in shown
    fields = set(re.findall(r'name="(answer\.[^"]+)"', shown))
    assert len(fields) == 5
    form = {"_key": "hand-in", **dict.fromkeys(fields, "b")}
    for _ in range(2):
        answer = client.post(f"{attempt}/answers", data=form, headers=headers)
        assert (answer.status_code, answer.headers["Location"]) == (303, attempt)
    result = client.get(attempt, headers=headers).text
    assert "因为法律这样规定" in result
    assert "5 / 5" in result
    assert client.get("/api/v1/me/balance", headers=headers).json["available"] == 30


def test_an_unknown_option_comes_back_to_the_questions_with_a_message(
    client: FlaskClient, quiz: str, headers: dict[str, str]
) -> None:
    attempt = _begin(client, quiz, headers)
    field = re.findall(r'name="(answer\.[^"]+)"', client.get(attempt, headers=headers).text)[0]
    answer = client.post(f"{attempt}/answers", data={"_key": "k", field: "z"}, headers=headers)
    assert (answer.status_code, answer.headers["Location"]) == (303, attempt)
    assert field in client.get(attempt, headers=headers).text
    assert client.get("/api/v1/me/balance", headers=headers).json["available"] == 0


def test_an_attempt_that_was_begun_is_offered_again_until_it_is_handed_in(
    client: FlaskClient, quiz: str, headers: dict[str, str]
) -> None:
    attempt = _begin(client, quiz, headers)
    assert f'href="{attempt}"' in client.get("/quizzes", headers=headers).text
    client.post(f"{attempt}/answers", data={"_key": "k"}, headers=headers)
    assert f'href="/quizzes/{quiz}"' in client.get("/quizzes", headers=headers).text


def test_everybody_may_look_and_members_may_begin(client: FlaskClient, quiz: str, headers: dict[str, str]) -> None:
    assert client.get("/quizzes").status_code == 200
    assert client.get(f"/quizzes/{quiz}").status_code == 200
    signed_out = client.post(f"/quizzes/{quiz}/attempts", data={"_key": "k"})
    assert (signed_out.status_code, signed_out.headers["Location"].split("?")[0]) == (303, "/sign-in")
    attempt = _begin(client, quiz, headers)
    stranger = {"username": "stranger", "password": "a-good-long-password"}
    client.post("/api/v1/members", json=stranger)
    token = client.post("/api/v1/sessions", json=stranger).json["token"]
    assert client.get(attempt, headers={"Authorization": f"Bearer {token}"}).status_code == 404
