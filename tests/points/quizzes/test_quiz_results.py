"""Results that are held: nothing to spend until somebody has looked, then paid once; void as if it had never been."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from mall.db import Login, run_tx
from mall.errors import Conflict, MallError
from mall.jobs import run_job
from points.earning.versions import By
from points.quizzes import releases
from points.quizzes.attempts import start_attempt, submit_answers
from points.quizzes.figures import Figures, figures_by_question, figures_of
from points.quizzes.models import QuizAttempt, QuizRelease
from points.quizzes.publish import publish_quiz
from points.quizzes.releases import ask_release, next_batch
from points.quizzes.review import decide_results

WORD = {"zh": "中文", "en": "English"}
AT = datetime(2026, 11, 2, 8, tzinfo=UTC)
BY = By("staff:tester", False, AT + timedelta(days=1))
Earning = Callable[[Callable[..., Any]], Any]


@pytest.fixture
def earning(app: Flask) -> Earning:
    """``earning(lambda tx: …)``: one transaction of the login that earns."""
    return lambda work: run_tx(Login.EARNING, work)


@pytest.fixture
def quiz(app: Flask) -> str:
    """Five questions, "b" right in each; results are held."""
    question = {"text": WORD, "options": [WORD, WORD], "answer": 1, "explanation": WORD}
    document = {
        "code": "held", "category": "law", "title": WORD, "summary": WORD, "questions": [question] * 5,
        "hold_results": True,
    }  # fmt: skip
    return run_tx(Login.BACKOFFICE, lambda tx: publish_quiz(tx, document, AT).id)


def _take(earning: Earning, quiz: str, member: str, right: int, seconds: int = 60, at: datetime = AT) -> str:
    def work(tx: Any) -> str:
        attempt = start_attempt(tx, member, quiz, at)
        answers = {name: "b" if place < right else "a" for place, name in enumerate(attempt.question_ids)}
        submit_answers(tx, member, attempt.id, answers, at + timedelta(seconds=seconds))
        return attempt.id

    return earning(work)


def _reviews(earning: Earning) -> dict[str, str | None]:
    return earning(lambda tx: {one.id: one.review for one in tx.scalars(select(QuizAttempt))})


def _figures(quiz: str) -> Figures:
    return run_tx(Login.BACKOFFICE, lambda tx: figures_of(tx, [quiz])[quiz])


def _balance(client: FlaskClient, who: Any) -> tuple[int, int]:
    balance = client.get("/api/v1/me/balance", headers=who.auth).json
    return balance["available"], balance["pending"]


def test_a_held_result_waits_is_confirmed_once_and_then_another_try_pays_the_difference(
    client: FlaskClient, earning: Earning, make_member: Any, quiz: str
) -> None:
    who = make_member()
    first = _take(earning, quiz, who.id, 3)
    assert (_balance(client, who), _reviews(earning)) == ((0, 10), {first: "waiting"})
    with pytest.raises(Conflict, match="result_waiting"):
        earning(lambda tx: start_attempt(tx, who.id, quiz, AT + timedelta(hours=1)))
    for _ in range(2):
        outcome = earning(lambda tx: decide_results(tx, [first], "confirm", "looked", BY)[0])
    assert isinstance(outcome, MallError) and outcome.code == "result_decided"
    assert (_balance(client, who), _reviews(earning)) == ((10, 0), {first: "confirmed"})
    better = _take(earning, quiz, who.id, 5, at=AT + timedelta(days=2))
    assert _balance(client, who) == (10, 20)
    earning(lambda tx: decide_results(tx, [better], "void", "helped", BY))
    assert (_balance(client, who), _reviews(earning)) == ((10, 0), {first: "confirmed", better: "void"})
    honest = _take(earning, quiz, who.id, 4, at=AT + timedelta(days=3))
    assert (_balance(client, who), _reviews(earning)[honest]) == ((10, 10), "waiting")
    assert _figures(quiz) == Figures(3, 3, 0, 20, 1)


def test_a_result_that_was_paid_can_be_made_void_and_another_quizs_is_not_found(
    client: FlaskClient, earning: Earning, make_member: Any, quiz: str
) -> None:
    who = make_member()
    attempt = _take(earning, quiz, who.id, 5, seconds=2)
    earning(lambda tx: decide_results(tx, [attempt], "confirm", "looked", BY))
    elsewhere = earning(lambda tx: decide_results(tx, [attempt], "void", "x", BY, quiz_id="quiz_other")[0])
    assert isinstance(elsewhere, MallError) and _balance(client, who) == (30, 0)
    run_job("quiz-figures", AT + timedelta(hours=1))
    assert _figures(quiz) == Figures(1, 1, 1, 30, 0)
    earning(lambda tx: decide_results(tx, [attempt], "void", "not by hand", BY))
    assert (_balance(client, who), _figures(quiz).points) == ((0, 0), 0)


def test_a_release_that_dies_between_batches_is_gone_on_with_and_leaves_those_with_a_flag(
    client: FlaskClient, earning: Earning, make_member: Any, quiz: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(releases, "BATCH", 2)
    people = [make_member() for _ in range(5)]
    quick = _take(earning, quiz, people[0].id, 5, seconds=2)
    for who in people[1:]:
        _take(earning, quiz, who.id, 5)
    made = earning(lambda tx: ask_release(tx, quiz, "confirm", "all right", BY, flagged_too=False))
    with pytest.raises(Conflict, match="release_running"):
        earning(lambda tx: ask_release(tx, quiz, "void", "again", BY, flagged_too=True))
    assert earning(lambda tx: next_batch(tx, made.id, BY.now)) == 2

    def killed(tx: Any) -> None:
        next_batch(tx, made.id, BY.now)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        earning(killed)
    assert sum(review == "confirmed" for review in _reviews(earning).values()) == 2
    assert run_job("quiz-releases", BY.now) == {"results": 2}
    done = earning(lambda tx: tx.get(QuizRelease, made.id))
    assert (done.total, done.done, done.finished_at) == (4, 4, BY.now)
    assert {name for name, review in _reviews(earning).items() if review == "waiting"} == {quick}
    assert [_balance(client, who) for who in people] == [(0, 30)] + [(30, 0)] * 4


def test_two_who_decide_at_once_decide_each_result_once(
    app: Flask, client: FlaskClient, earning: Earning, make_member: Any, quiz: str, run: Any
) -> None:
    people = [make_member() for _ in range(6)]
    attempts = [_take(earning, quiz, who.id, 5) for who in people]

    def decide(number: int) -> int:
        order = attempts if number % 2 else attempts[::-1]
        action = "void" if number % 3 else "confirm"
        outcomes = run(Login.EARNING, lambda tx: decide_results(tx, order, action, "race", BY))
        return sum(not isinstance(outcome, MallError) for outcome in outcomes)

    with ThreadPoolExecutor(4) as pool:
        done = sum(pool.map(decide, range(4)))
    assert 6 <= done <= 12  # a confirmed one may be made void afterwards, never the other way
    states = _reviews(earning)
    assert set(states.values()) == {"void"}
    assert [_balance(client, who) for who in people] == [(0, 0)] * 6


def test_what_is_counted_is_the_same_before_and_after_the_job_however_often_it_runs(
    earning: Earning, make_member: Any, quiz: str
) -> None:
    for right in (1, 3, 5):
        _take(earning, quiz, make_member().id, right)
    fresh = _figures(quiz)
    assert fresh == Figures(3, 2, 0, 40, 2)
    questions = run_tx(Login.BACKOFFICE, lambda tx: figures_by_question(tx, quiz))
    assert [one.correct for one in questions.values()].count(3) == 1
    for hour in (1, 1, 2):
        run_job("quiz-figures", AT + timedelta(hours=hour))
        assert _figures(quiz) == fresh
        assert run_tx(Login.BACKOFFICE, lambda tx: figures_by_question(tx, quiz)) == questions
