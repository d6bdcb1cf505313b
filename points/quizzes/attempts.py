"""Taking a quiz: starting an attempt, handing in its answers once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mall.db import cursor
from mall.errors import Conflict, Invalid, NotFound
from mall.ids import new_id
from points.earning.book_events import book_events, mall_zone
from points.earning.evaluate import dry_run
from points.earning.event_types import EventIn, Facts
from points.earning.rules import rule_set
from points.quizzes.cases import EVENT_TYPE, SOURCE, best_paid
from points.quizzes.grading import AnswersInvalid, Grade, KeyedQuestion, grade, percent_of
from points.quizzes.models import Quiz, QuizAttempt, QuizQuestion
from points.quizzes.queries import attempts_made, questions_of_attempt, quiz_by_id
from points.quizzes.taking import WAITING, due_at, flag_of, is_late, state_at


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

    Where attempts are limited or results are held, one that is still open is gone on with instead of counting
    another. Raises NotFound (also for a draft and a retired quiz), Conflict ``quiz_not_open``,
    ``no_attempts_left`` or ``result_waiting`` (one result of the member's is still being checked).
    """
    quiz = quiz_by_id(tx, quiz_id)
    if quiz.retired_at is not None or quiz.published_at is None:
        raise NotFound()
    if (state := state_at(quiz.opens_at, quiz.closes_at, now)) != "open":
        opens = {"opens_at": quiz.opens_at.isoformat()} if state == "soon" and quiz.opens_at else {}
        raise Conflict("quiz_not_open", extra={"state": state, **opens})
    if quiz.attempts_limit is not None or quiz.hold_results:
        open_attempt = _within_limit(tx, quiz, member_id, now)
        if open_attempt is not None:
            return open_attempt
    question_ids = _question_ids(tx, quiz)
    if not question_ids:
        raise Conflict("quiz_not_open", extra={"state": "closed"})
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
    if latest is not None and waiting_attempt(tx, member_id, quiz.id) is not None:
        raise Conflict("result_waiting")
    limit = quiz.attempts_limit
    if limit is not None and attempts_made(tx, quiz, member_id, now, mall_zone()) >= limit:
        raise Conflict("no_attempts_left")
    return None


def _question_ids(tx: Session, quiz: Quiz) -> list[str]:
    if not quiz.draws:
        chosen = select(QuizQuestion.id).where(QuizQuestion.quiz_id == quiz.id).order_by(QuizQuestion.position)
        return list(tx.execute(chosen).scalars())
    found: list[str] = []
    for draw in quiz.draws:
        free = QuizQuestion.quiz_id.is_(None) & QuizQuestion.active & (QuizQuestion.category == draw["category"])
        drawn = select(QuizQuestion.id).where(free).order_by(func.random()).limit(draw["count"])
        found.extend(tx.execute(drawn).scalars())
    return found


def submit_answers(tx: Session, member_id: str, attempt_id: str, answers: Mapping[str, str], now: datetime) -> Graded:
    """Grade an attempt and book what its result is worth; a question left out counts as wrong.

    In a quiz whose results are held the points wait until staff have looked. Raises NotFound (also for another
    member's attempt), Conflict ``attempt_submitted`` the second time, ``attempt_late`` after its time or
    ``result_waiting``, Invalid naming each unknown question or option: then the attempt stays open.
    """
    wanted = select(QuizAttempt).where(QuizAttempt.id == attempt_id, QuizAttempt.member_id == member_id)
    attempt = tx.execute(wanted.with_for_update()).scalar_one_or_none()
    if attempt is None:
        raise NotFound()
    if attempt.submitted_at is not None:
        raise Conflict("attempt_submitted")
    if is_late(attempt.due_at, now):
        raise Conflict("attempt_late")
    quiz = quiz_by_id(tx, attempt.quiz_id)
    if quiz.hold_results and waiting_attempt(tx, member_id, quiz.id) is not None:
        raise Conflict("result_waiting")
    questions = questions_of_attempt(tx, attempt)
    graded = _grade(questions, answers)
    attempt.answers = {question_id: "".join(sorted(chosen)) for question_id, chosen in answers.items()}
    attempt.submitted_at = now
    attempt.score = graded.score
    attempt.flag = flag_of(len(questions), graded.score, attempt.started_at, now)
    attempt.points, paying = _book(tx, attempt, graded, now, held=quiz.hold_results)
    percent = percent_of(graded.score, graded.max_score)
    attempt.passed = paying if quiz.pass_percent is None else percent >= quiz.pass_percent
    if quiz.hold_results and attempt.points > 0:
        attempt.review = WAITING
    tx.flush()
    return Graded(attempt, graded, questions)


def waiting_attempt(tx: Session, member_id: str, quiz_id: str) -> str | None:
    """The member's attempt at a quiz whose result is being checked; there is at most one."""
    mine = (QuizAttempt.member_id == member_id, QuizAttempt.quiz_id == quiz_id, QuizAttempt.review == WAITING)
    return tx.execute(select(QuizAttempt.id).where(*mine)).scalar_one_or_none()


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


def _book(tx: Session, attempt: QuizAttempt, graded: Grade, now: datetime, *, held: bool) -> tuple[int, bool]:
    """What it changed, and whether such a result pays at all."""
    event = EventIn(
        event_id=attempt.id,
        type=EVENT_TYPE,
        member=attempt.member_id,
        occurred_at=now,
        subject=attempt.quiz_id,
        case_of=best_paid(tx, attempt.member_id, attempt.quiz_id),
        facts={"score": graded.score, "max_score": graded.max_score},
    )
    outcome = book_events(tx, replace(SOURCE, held=held), [event], now)[0]
    if outcome.error is not None:
        raise outcome.error
    assert outcome.body is not None
    points = int(outcome.body["points"])
    return points, points > 0 or pays(tx, graded.score, graded.max_score, now)


def pays(tx: Session, score: int, max_score: int, now: datetime) -> bool:
    """Whether the rules in force pay for such a result, whatever the member has had before."""
    facts = Facts(EVENT_TYPE, now, {"score": score, "max_score": max_score})
    return any(award.points > 0 for award in dry_run(rule_set(cursor(tx)), facts, mall_zone()))
