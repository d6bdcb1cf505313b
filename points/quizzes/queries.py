"""Reading quizzes and attempts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import case, func, select, tuple_
from sqlalchemy.orm import Session

from mall.errors import NotFound
from points.quizzes.grading import percent_of
from points.quizzes.models import Quiz, QuizAttempt, QuizQuestion


@dataclass(frozen=True, slots=True)
class QuizOverview:
    """A quiz with how many questions it has and the member's best score (None: not taken yet).

    ``open_attempt_id``: the member's latest attempt, if it has not been handed in.
    """

    quiz: Quiz
    question_count: int
    best_score: int | None
    open_attempt_id: str | None

    @property
    def best_percent(self) -> int | None:
        """The best score in whole hundredths."""
        return None if self.best_score is None else percent_of(self.best_score, self.question_count)


def list_quizzes(
    tx: Session, member_id: str | None, *, limit: int, after: tuple[str, str] | None = None
) -> list[QuizOverview]:
    """Up to ``limit`` quizzes after (category, id), with the member's best scores; nobody's without a member."""
    wanted = select(Quiz).order_by(Quiz.category, Quiz.id).limit(limit)
    if after is not None:
        wanted = wanted.where(tuple_(Quiz.category, Quiz.id) > after)
    return _overviews(tx, list(tx.execute(wanted).scalars()), member_id)


def quiz_overview(tx: Session, quiz_id: str, member_id: str | None) -> QuizOverview:
    """One quiz with the member's best score. Raises NotFound."""
    return _overviews(tx, [quiz_by_id(tx, quiz_id)], member_id)[0]


def quiz_by_id(tx: Session, quiz_id: str) -> Quiz:
    """A quiz by id. Raises NotFound."""
    quiz = tx.execute(select(Quiz).where(Quiz.id == quiz_id)).scalar_one_or_none()
    if quiz is None:
        raise NotFound()
    return quiz


def attempt_of(tx: Session, member_id: str, attempt_id: str) -> QuizAttempt:
    """A member's own attempt. Raises NotFound, also for another member's."""
    wanted = select(QuizAttempt).where(QuizAttempt.id == attempt_id, QuizAttempt.member_id == member_id)
    attempt = tx.execute(wanted).scalar_one_or_none()
    if attempt is None:
        raise NotFound()
    return attempt


def questions_of_attempt(tx: Session, attempt: QuizAttempt) -> Sequence[QuizQuestion]:
    """The questions of an attempt in the order it was given them."""
    wanted = select(QuizQuestion).where(QuizQuestion.id.in_(attempt.question_ids))
    found = {question.id: question for question in tx.execute(wanted).scalars()}
    return [found[question_id] for question_id in attempt.question_ids]


def _overviews(tx: Session, quizzes: list[Quiz], member_id: str | None) -> list[QuizOverview]:
    ids = [quiz.id for quiz in quizzes]
    counted = (
        select(QuizQuestion.quiz_id, func.count()).where(QuizQuestion.quiz_id.in_(ids)).group_by(QuizQuestion.quiz_id)
    )
    counts: dict[str, int] = dict(tx.execute(counted).all())
    standing = _attempts(tx, ids, member_id) if member_id is not None else {}
    return [QuizOverview(quiz, counts.get(quiz.id, 0), *standing.get(quiz.id, (None, None))) for quiz in quizzes]


def _attempts(tx: Session, quiz_ids: list[str], member_id: str) -> dict[str, tuple[int | None, str | None]]:
    """By quiz: the member's best score, and the latest attempt while it is open (ids are ordered by time)."""
    open_id = case((QuizAttempt.submitted_at.is_(None), QuizAttempt.id))
    wanted = (
        select(QuizAttempt.quiz_id, func.max(QuizAttempt.score), func.max(QuizAttempt.id), func.max(open_id))
        .where(QuizAttempt.member_id == member_id, QuizAttempt.quiz_id.in_(quiz_ids))
        .group_by(QuizAttempt.quiz_id)
    )
    return {
        quiz_id: (best, latest if latest == latest_open else None)
        for quiz_id, best, latest, latest_open in tx.execute(wanted)
    }
