"""Taking a quiz: starting an attempt, handing in its answers once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mall.errors import Conflict, Invalid, NotFound
from mall.ids import new_id
from points.earning.book_events import book_events, mall_zone
from points.earning.event_types import EventIn, EventSource
from points.quizzes.grading import AnswersInvalid, Grade, KeyedQuestion, grade
from points.quizzes.models import Quiz, QuizAttempt, QuizQuestion
from points.quizzes.queries import attempts_made, questions_of_attempt, quiz_by_id
from points.quizzes.taking import due_at, flag_of, is_late, state_at

SOURCE = EventSource("mall:quiz", internal=True, label="quiz")
"""The mall's own quizzes as a source of credit events; external ones arrive over the API."""
EVENT_TYPE = "quiz.result"


@dataclass(frozen=True, slots=True)
class Graded:
    """A handed-in attempt: its grade, its questions with their answers, and the points it changed."""

    attempt: QuizAttempt
    grade: Grade
    questions: Sequence[QuizQuestion]

    @property
    def points(self) -> int:
        """The change of points, 0 for an attempt that was not the member's best."""
        return self.attempt.points or 0


def start_attempt(tx: Session, member_id: str, quiz_id: str, now: datetime) -> QuizAttempt:
    """Begin an attempt: at every question of the quiz, or at questions drawn from the bank.

    Where attempts are limited, one that is still open is gone on with instead of counting another. Raises
    NotFound (also for a retired quiz), Conflict ``quiz_not_open`` or ``no_attempts_left``.
    """
    quiz = quiz_by_id(tx, quiz_id)
    if quiz.retired_at is not None:
        raise NotFound()
    if (state := state_at(quiz.opens_at, quiz.closes_at, now)) != "open":
        opens = {"opens_at": quiz.opens_at.isoformat()} if state == "soon" and quiz.opens_at else {}
        raise Conflict("quiz_not_open", extra={"state": state, **opens})
    if quiz.attempts_limit is not None:
        open_attempt = _within_limit(tx, quiz, member_id, now)
        if open_attempt is not None:
            return open_attempt
    question_ids = _question_ids(tx, quiz)
    attempt = QuizAttempt(
        id=new_id("att"),
        member_id=member_id,
        quiz_id=quiz.id,
        question_ids=question_ids,
        started_at=now,
        due_at=due_at(quiz.time_limit_seconds, quiz.closes_at, now),
        max_score=len(question_ids),
    )
    tx.add(attempt)
    tx.flush()
    return attempt


def _within_limit(tx: Session, quiz: Quiz, member_id: str, now: datetime) -> QuizAttempt | None:
    """The open attempt, None when a new one may begin; one member's attempts at a quiz begin one after another."""
    lock = func.hashtextextended(f"quiz-attempt/{member_id}/{quiz.id}", 0)
    tx.execute(select(func.pg_advisory_xact_lock(lock)))
    mine = (QuizAttempt.member_id == member_id, QuizAttempt.quiz_id == quiz.id)
    latest = tx.execute(select(QuizAttempt).where(*mine).order_by(QuizAttempt.id.desc()).limit(1)).scalar_one_or_none()
    if latest is not None and latest.submitted_at is None and not is_late(latest.due_at, now):
        return latest
    if attempts_made(tx, quiz, member_id, now, mall_zone()) >= (quiz.attempts_limit or 0):
        raise Conflict("no_attempts_left")
    return None


def _question_ids(tx: Session, quiz: Quiz) -> list[str]:
    if quiz.draw_count is None:
        chosen = select(QuizQuestion.id).where(QuizQuestion.quiz_id == quiz.id).order_by(QuizQuestion.position)
    else:
        free = QuizQuestion.quiz_id.is_(None) & QuizQuestion.active & (QuizQuestion.category == quiz.draw_category)
        chosen = select(QuizQuestion.id).where(free).order_by(func.random()).limit(quiz.draw_count)
    return list(tx.execute(chosen).scalars())


def submit_answers(tx: Session, member_id: str, attempt_id: str, answers: Mapping[str, str], now: datetime) -> Graded:
    """Grade an attempt and book what its result is worth; a question left out counts as wrong.

    Raises NotFound (also for another member's attempt), Conflict ``attempt_submitted`` the second time or
    ``attempt_late`` after its time, Invalid naming each unknown question or option: then the attempt stays open.
    """
    wanted = select(QuizAttempt).where(QuizAttempt.id == attempt_id, QuizAttempt.member_id == member_id)
    attempt = tx.execute(wanted.with_for_update()).scalar_one_or_none()
    if attempt is None:
        raise NotFound()
    if attempt.submitted_at is not None:
        raise Conflict("attempt_submitted")
    if is_late(attempt.due_at, now):
        raise Conflict("attempt_late")
    questions = questions_of_attempt(tx, attempt)
    graded = _grade(questions, answers)
    attempt.answers = dict(answers)
    attempt.submitted_at = now
    attempt.score = graded.score
    attempt.flag = flag_of(len(questions), graded.score, attempt.started_at, now)
    attempt.points = _book(tx, attempt, graded, now)
    tx.flush()
    return Graded(attempt, graded, questions)


def graded_attempt(tx: Session, attempt: QuizAttempt) -> Graded:
    """A handed-in attempt as it was graded, to be shown again."""
    questions = questions_of_attempt(tx, attempt)
    return Graded(attempt, _grade(questions, attempt.answers or {}), questions)


def _grade(questions: Sequence[QuizQuestion], answers: Mapping[str, str]) -> Grade:
    keyed = [
        KeyedQuestion(
            question.id,
            tuple(option["id"] for option in question.options),
            question.answer,
            question.kind == "multiple",
        )
        for question in questions
    ]
    try:
        return grade(keyed, answers)
    except AnswersInvalid as error:
        unknown = {f"answers.{name}": [str(_l("This attempt has no such question."))]
                   for name in error.unknown_questions}  # fmt: skip
        strange = {f"answers.{name}": [str(_l("This question has no such option."))]
                   for name in error.unknown_options}  # fmt: skip
        raise Invalid(unknown | strange) from error


def _book(tx: Session, attempt: QuizAttempt, graded: Grade, now: datetime) -> int:
    event = EventIn(
        event_id=attempt.id,
        type=EVENT_TYPE,
        member=attempt.member_id,
        occurred_at=now,
        subject=attempt.quiz_id,
        facts={"score": graded.score, "max_score": graded.max_score},
    )
    outcome = book_events(tx, SOURCE, [event], now)[0]
    if outcome.error is not None:
        raise outcome.error
    assert outcome.body is not None
    return int(outcome.body["points"])
