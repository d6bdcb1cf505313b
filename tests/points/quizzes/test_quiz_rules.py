"""Quizzes with rules: drawn questions, several right answers, time, attempts, a schedule, flags."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from mall.db import Login, run_tx
from mall.errors import Conflict, Invalid
from mall.identity.models import Member
from points.quizzes.bank_keeping import import_questions, set_question_active
from points.quizzes.models import QuizAttempt, QuizQuestion
from points.quizzes.publish import change_quiz, publish_quiz

BOTH = {"zh": "中", "en": "E"}
NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
Headers = dict[str, str]
_numbers = itertools.count(1)


def _single(code: str, category: str = "law") -> dict[str, Any]:
    words = [{"zh": text, "en": text} for text in ("p", "q", "r", "s")]
    return {
        "code": code, "category": category, "kind": "single", "text": BOTH, "options": words, "answer": 1,
        "explanation": BOTH,
    }  # fmt: skip


MULTIPLE = {"kind": "multiple", "text": BOTH, "options": [BOTH] * 4, "answer": [3, 0], "explanation": BOTH}
STATEMENT = {"kind": "true_false", "text": BOTH, "answer": False, "explanation": BOTH}


def _publish(**more: Any) -> str:
    document = {"code": f"quiz-{next(_numbers)}", "category": "law", "title": BOTH, "summary": BOTH, **more}
    return run_tx(Login.BACKOFFICE, lambda tx: publish_quiz(tx, document, datetime.now(UTC)).id)


def _fill_bank(count: int, category: str = "law") -> list[str]:
    documents = [_single(f"{category}-{number:03}", category) for number in range(count)]
    return run_tx(Login.BACKOFFICE, lambda tx: import_questions(tx, documents, datetime.now(UTC))).added


@pytest.fixture
def member(client: FlaskClient) -> Callable[[], Headers]:
    """Makes signed-in members."""

    def make() -> Headers:
        who = {"username": f"ruled_{next(_numbers)}", "password": "a-good-long-password"}
        assert client.post("/api/v1/members", json=who).status_code == 201
        answer = client.post("/api/v1/sessions", json=who)
        return {"Authorization": f"Bearer {answer.json['token']}", "Accept-Language": "en"}

    return make


def _begin(client: FlaskClient, quiz: str, who: Headers) -> Any:
    return client.post(f"/api/v1/quizzes/{quiz}/attempts", headers=who)


def _hand_in(client: FlaskClient, attempt: str, answers: Any, who: Headers) -> Any:
    headers = {**who, "Idempotency-Key": f"rules-{next(_numbers)}"}
    return client.post(f"/api/v1/attempts/{attempt}/answers", json={"answers": answers}, headers=headers)


def _available(client: FlaskClient, who: Headers) -> int:
    return client.get("/api/v1/me/balance", headers=who).json["available"]


@pytest.mark.parametrize(
    ("given", "score"),
    [(["d", "a"], 1), ("ad", 1), (["a"], 0), (["a", "b", "d"], 0), ("d", 0)],
)
def test_of_several_right_options_every_one_and_no_other_is_asked_for(
    app: Flask, client: FlaskClient, member: Callable[[], Headers], given: Any, score: int
) -> None:
    who = member()
    attempt = _begin(client, _publish(questions=[MULTIPLE]), who).json
    answer = _hand_in(client, attempt["id"], {attempt["questions"][0]["id"]: given}, who)
    assert (answer.status_code, answer.json["score"]) == (200, score)
    assert answer.json["results"][0]["answer"] == "ad"


@pytest.mark.parametrize("given", [["a", "a"], ["a", "z"], [], ["ad"], [1], [["a"]], {"a": 1}, ["a"] * 9])
def test_a_choice_that_is_no_set_of_options_is_refused_and_the_attempt_stays_open(
    app: Flask, client: FlaskClient, member: Callable[[], Headers], given: Any
) -> None:
    who = member()
    attempt = _begin(client, _publish(questions=[MULTIPLE]), who).json
    question = attempt["questions"][0]["id"]
    answer = _hand_in(client, attempt["id"], {question: given}, who)
    assert answer.status_code == 422
    assert all(name.startswith(f"answers.{question}") for name in answer.json["errors"])
    assert _hand_in(client, attempt["id"], {question: ["a", "d"]}, who).json["score"] == 1


def test_two_options_of_a_question_with_one_right_answer_are_refused(
    app: Flask, client: FlaskClient, member: Callable[[], Headers]
) -> None:
    who = member()
    attempt = _begin(client, _publish(questions=[{**MULTIPLE, "kind": "single", "answer": 0}]), who).json
    answer = _hand_in(client, attempt["id"], {attempt["questions"][0]["id"]: ["a", "b"]}, who)
    assert answer.status_code == 422


def test_a_statement_is_true_or_false(app: Flask, client: FlaskClient, member: Callable[[], Headers]) -> None:
    who = member()
    attempt = _begin(client, _publish(questions=[STATEMENT], shuffle=True), who).json
    question = attempt["questions"][0]
    assert question["kind"] == "true_false"
    assert question["options"] == [{"id": "a", "text": "True"}, {"id": "b", "text": "False"}]
    assert _hand_in(client, attempt["id"], {question["id"]: "b"}, who).json["score"] == 1


def test_a_quiz_draws_other_questions_of_its_category_for_each_attempt(
    app: Flask, client: FlaskClient, member: Callable[[], Headers]
) -> None:
    _fill_bank(40)
    _fill_bank(5, "fraud")
    quiz, who = _publish(draw={"category": "law", "count": 5}), member()
    drawn = [[question["id"] for question in _begin(client, quiz, who).json["questions"]] for _ in range(6)]
    assert all(len(set(ids)) == 5 for ids in drawn)
    assert len({tuple(sorted(ids)) for ids in drawn}) > 1
    of_law = select(QuizQuestion.id).where(QuizQuestion.category == "law")
    law = run_tx(Login.BACKOFFICE, lambda tx: set(tx.execute(of_law).scalars()))
    assert {question for ids in drawn for question in ids} <= law
    assert client.get(f"/api/v1/quizzes/{quiz}", headers=who).json["question_count"] == 5


def test_options_are_shuffled_for_each_attempt_and_stay_so_for_that_attempt(
    app: Flask, client: FlaskClient, member: Callable[[], Headers], unguarded: None
) -> None:
    question = {key: value for key, value in _single("x").items() if key not in ("code", "category")}
    quiz, who = _publish(questions=[question] * 4, shuffle=True), member()
    orders = set()
    for _ in range(4):
        attempt = _begin(client, quiz, who).json
        texts = [[option["text"] for option in one["options"]] for one in attempt["questions"]]
        assert all(sorted(one) == ["p", "q", "r", "s"] for one in texts)
        orders |= {tuple(one) for one in texts}
        page = client.get(f"/attempts/{attempt['id']}", headers=who).text
        places = [page.index(f'name="answer.{attempt["questions"][0]["id"]}" value="{option["id"]}"')
                  for option in attempt["questions"][0]["options"]]  # fmt: skip
        assert places == sorted(places)
        right = {one["id"]: next(o["id"] for o in one["options"] if o["text"] == "q") for one in attempt["questions"]}
        assert _hand_in(client, attempt["id"], right, who).json["score"] == 4
    assert len(orders) > 1


def test_a_quiz_that_draws_more_than_the_bank_has_is_refused(app: Flask) -> None:
    _fill_bank(4)
    with pytest.raises(Invalid) as refused:
        _publish(draw={"category": "law", "count": 5})
    assert list(refused.value.errors or {}) == ["draw.count"]


def test_answers_after_the_time_limit_are_not_graded_and_pay_nothing(
    app: Flask, client: FlaskClient, member: Callable[[], Headers], unguarded: None
) -> None:
    quiz, who = _publish(questions=[STATEMENT], time_limit_seconds=60), member()
    with time_machine.travel(NOON, tick=False) as clock:
        attempt = _begin(client, quiz, who).json
        assert attempt["due_at"] == "2026-11-20T04:01:00+00:00"
        clock.shift(timedelta(seconds=71))
        answer = _hand_in(client, attempt["id"], {attempt["questions"][0]["id"]: "b"}, who)
        assert (answer.status_code, answer.json["code"]) == (409, "attempt_late")
        page = client.get(f"/attempts/{attempt['id']}", headers=who)
        assert (page.status_code, 'href="/quizzes/' in page.text) == (200, True)
        assert f'href="/attempts/{attempt["id"]}"' not in client.get("/quizzes", headers=who).text
        assert _available(client, who) == 0
        again = _begin(client, quiz, who).json
        clock.shift(timedelta(seconds=70))  # the last moment: the limit and ten seconds on the way
        assert _hand_in(client, again["id"], {again["questions"][0]["id"]: "b"}, who).json["points"] == 30


def test_attempts_are_limited_by_the_malls_own_day_and_an_open_one_is_gone_on_with(
    app: Flask, client: FlaskClient, member: Callable[[], Headers]
) -> None:
    quiz, who = _publish(questions=[STATEMENT], attempts={"count": 2, "period": "day"}), member()
    late_evening = datetime(2026, 11, 20, 15, 50, tzinfo=UTC)  # 23:50 in Beijing
    with time_machine.travel(late_evening, tick=False) as clock:
        first = _begin(client, quiz, who).json
        assert _begin(client, quiz, who).json["id"] == first["id"]
        assert client.get(f"/api/v1/quizzes/{quiz}", headers=who).json["attempts_left"] == 1
        for _ in range(2):
            attempt = _begin(client, quiz, who).json
            _hand_in(client, attempt["id"], {}, who)
        refused = _begin(client, quiz, who)
        assert (refused.status_code, refused.json["code"]) == (409, "no_attempts_left")
        assert client.get(f"/api/v1/quizzes/{quiz}", headers=who).json["attempts_left"] == 0
        clock.shift(timedelta(minutes=11))
        assert _begin(client, quiz, who).status_code == 201
    made = run_tx(Login.BACKOFFICE, lambda tx: tx.query(QuizAttempt).filter_by(quiz_id=quiz).count())
    assert made == 3


def test_twenty_beginnings_at_once_are_one_attempt_where_one_is_allowed(
    app: Flask, client: FlaskClient, member: Callable[[], Headers]
) -> None:
    quiz, who = _publish(questions=[STATEMENT], attempts={"count": 1, "period": "total"}), member()
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: _begin(app.test_client(), quiz, who), range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json["id"] for answer in answers}) == 1


def test_a_quiz_opens_and_closes_and_what_was_begun_ends_with_it(
    app: Flask, client: FlaskClient, member: Callable[[], Headers]
) -> None:
    quiz = _publish(questions=[STATEMENT], opens_at="2026-11-20T12:00:00+08:00", closes_at="2026-11-20T13:00:00+08:00")
    who = member()
    with time_machine.travel(NOON - timedelta(seconds=1), tick=False) as clock:
        refused = _begin(client, quiz, who)
        assert (refused.status_code, refused.json["code"]) == (409, "quiz_not_open")
        assert refused.json["opens_at"] == "2026-11-20T04:00:00+00:00"
        clock.shift(timedelta(seconds=1))
        attempt = _begin(client, quiz, who).json
        assert attempt["due_at"] == "2026-11-20T05:00:00+00:00"
        clock.shift(timedelta(hours=1))
        assert _begin(client, quiz, who).json["code"] == "quiz_not_open"
        clock.shift(timedelta(seconds=11))
        assert _hand_in(client, attempt["id"], {}, who).json["code"] == "attempt_late"
        assert client.get(f"/api/v1/quizzes/{quiz}", headers=who).json["state"] == "closed"


@pytest.mark.parametrize(("seconds", "flag"), [(2, "too_fast"), (3, None)])
def test_right_answers_quicker_than_reading_are_flagged_and_still_graded(
    app: Flask, client: FlaskClient, member: Callable[[], Headers], make_staff: Any, seconds: int, flag: str | None
) -> None:
    quiz, who = _publish(questions=[STATEMENT, STATEMENT]), member()
    with time_machine.travel(NOON, tick=False) as clock:
        attempt = _begin(client, quiz, who).json
        clock.shift(timedelta(seconds=seconds))
        graded = _hand_in(client, attempt["id"], {one["id"]: "b" for one in attempt["questions"]}, who)
        assert graded.json["points"] == 30
    found = client.get(f"/api/v1/admin/quizzes/{quiz}/flagged", headers=make_staff("auditor").auth).json["items"]
    assert [(one["id"], one["flag"], one["seconds"]) for one in found] == ([(attempt["id"], flag, 2)] if flag else [])


def test_a_retired_quiz_leaves_the_list_and_takes_no_attempts(
    app: Flask, client: FlaskClient, member: Callable[[], Headers]
) -> None:
    quiz, who = _publish(questions=[STATEMENT]), member()
    attempt = _begin(client, quiz, who).json
    run_tx(Login.BACKOFFICE, lambda tx: change_quiz(tx, quiz, {"retired": True}, datetime.now(UTC), "rules"))
    assert client.get("/api/v1/quizzes", headers=who).json["items"] == []
    assert _begin(client, quiz, who).status_code == 404
    assert _hand_in(client, attempt["id"], {attempt["questions"][0]["id"]: "b"}, who).json["points"] == 30


def test_a_question_that_a_quiz_needs_is_not_taken_out_of_the_bank(app: Flask) -> None:
    _fill_bank(3)
    _publish(draw={"category": "law", "count": 2})
    ids = run_tx(Login.BACKOFFICE, lambda tx: list(tx.execute(select(QuizQuestion.id)).scalars()))

    def take_out(question: str) -> bool:
        work = lambda tx: set_question_active(tx, question, False, datetime.now(UTC), "rules").active  # noqa: E731
        return run_tx(Login.BACKOFFICE, work)

    assert take_out(ids[0]) is False
    with pytest.raises(Conflict) as refused:
        take_out(ids[1])
    assert refused.value.code == "question_needed"
    left = run_tx(Login.BACKOFFICE, lambda tx: tx.query(QuizQuestion).filter_by(active=True).count())
    assert left == 2


def test_suspended_members_look_at_quizzes_and_take_none(app: Flask, client: FlaskClient, make_member: Any) -> None:
    quiz, who = _publish(questions=[STATEMENT]), make_member()
    suspend = update(Member).where(Member.id == who.id).values(status="suspended")
    run_tx(Login.OWNER, lambda tx: tx.execute(suspend))
    assert client.get(f"/api/v1/quizzes/{quiz}", headers=who.auth).status_code == 200
    assert _begin(client, quiz, who.auth).status_code == 403
    assert run_tx(Login.BACKOFFICE, lambda tx: tx.query(QuizAttempt).count()) == 0
