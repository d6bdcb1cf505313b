"""Reading quizzes and attempts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import case, func, or_, select, tuple_
from sqlalchemy.orm import Session

from mall.errors import NotFound
from points.earning.periods import period_start
from points.quizzes.grading import percent_of
from points.quizzes.models import Quiz, QuizAttempt, QuizQuestion
from points.quizzes.taking import GRACE, VOID, WAITING, state_at


@dataclass(frozen=True, slots=True)
class QuizOverview:
    """A quiz with how many questions it has and the member's best score (None: not taken yet).

    ``open_attempt_id``: the member's latest attempt, if it can still be handed in. ``attempts_left`` None: any number.
    ``state``: ``soon``, ``open`` or ``closed``. ``waiting``: a result of the member's is being checked.
    """

    quiz: Quiz
    question_count: int
    state: str
    best_score: int | None
    open_attempt_id: str | None
    attempts_left: int | None
    waiting: bool = False

    @property
    def best_percent(self) -> int | None:
        """The best score in whole hundredths."""
        return None if self.best_score is None else percent_of(self.best_score, self.question_count)


def list_quizzes(
    tx: Session,
    member_id: str | None,
    now: datetime,
    zone: ZoneInfo,
    *,
    limit: int,
    after: tuple[str, str] | None = None,
) -> list[QuizOverview]:
    """Up to ``limit`` quizzes after (category, id) that are on the list, with the member's best scores (nobody's
    without a member). ``zone``: by which attempts are counted."""
    listed = (Quiz.retired_at.is_(None), Quiz.published_at.is_not(None))
    wanted = select(Quiz).where(*listed).order_by(Quiz.category, Quiz.id).limit(limit)
    if after is not None:
        wanted = wanted.where(tuple_(Quiz.category, Quiz.id) > after)
    return _overviews(tx, list(tx.execute(wanted).scalars()), member_id, now, zone)


def newest_quizzes(tx: Session, limit: int) -> list[Quiz]:
    """Quizzes, retired ones too, the newest first."""
    return list(tx.scalars(select(Quiz).order_by(Quiz.id.desc()).limit(limit)))


def quiz_overview(tx: Session, quiz_id: str, member_id: str | None, now: datetime, zone: ZoneInfo) -> QuizOverview:
    """One quiz, also a retired one, with the member's best score. Raises NotFound, also for a draft."""
    quiz = quiz_by_id(tx, quiz_id)
    if quiz.published_at is None:
        raise NotFound()
    return _overviews(tx, [quiz], member_id, now, zone)[0]


def attempts_made(tx: Session, quiz: Quiz, member_id: str, now: datetime, zone: ZoneInfo) -> int:
    """How many attempts a member has begun in the quiz's current period; 0 where they are not limited."""
    if quiz.attempts_period is None:
        return 0
    since = period_start(quiz.attempts_period, now, zone)
    begun = (QuizAttempt.member_id == member_id, QuizAttempt.quiz_id == quiz.id, QuizAttempt.started_at >= since)
    return int(tx.execute(select(func.count()).select_from(QuizAttempt).where(*begun)).scalar_one())


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


def _overviews(
    tx: Session, quizzes: list[Quiz], member_id: str | None, now: datetime, zone: ZoneInfo
) -> list[QuizOverview]:
    ids = [quiz.id for quiz in quizzes]
    counted = (
        select(QuizQuestion.quiz_id, func.count()).where(QuizQuestion.quiz_id.in_(ids)).group_by(QuizQuestion.quiz_id)
    )
    counts: dict[str | None, int] = dict(tx.execute(counted).all())
    standing = _attempts(tx, ids, member_id, now) if member_id is not None else {}
    waiting = _waiting(tx, ids, member_id) if member_id is not None else set()
    found = []
    for quiz in quizzes:
        left = None
        if quiz.attempts_limit is not None and member_id is not None:
            left = max(0, quiz.attempts_limit - attempts_made(tx, quiz, member_id, now, zone))
        count = quiz.draw_count or counts.get(quiz.id, 0)
        state = state_at(quiz.opens_at, quiz.closes_at, now)
        best, open_id = standing.get(quiz.id, (None, None))
        found.append(QuizOverview(quiz, count, state, best, open_id, left, quiz.id in waiting))
    return found


def _waiting(tx: Session, quiz_ids: list[str], member_id: str) -> set[str]:
    """Quizzes in which a result of the member's is being checked."""
    held = (QuizAttempt.member_id == member_id, QuizAttempt.quiz_id.in_(quiz_ids), QuizAttempt.review == WAITING)
    return set(tx.execute(select(QuizAttempt.quiz_id).where(*held)).scalars())


def _attempts(
    tx: Session, quiz_ids: list[str], member_id: str, now: datetime
) -> dict[str, tuple[int | None, str | None]]:
    """By quiz: the member's best score, and the latest attempt while it is open (ids are ordered by time)."""
    in_time = or_(QuizAttempt.due_at.is_(None), QuizAttempt.due_at > now - GRACE)
    counted = case((QuizAttempt.review.is_distinct_from(VOID), QuizAttempt.score))
    open_id = case((QuizAttempt.submitted_at.is_(None) & in_time, QuizAttempt.id))
    wanted = (
        select(QuizAttempt.quiz_id, func.max(counted), func.max(QuizAttempt.id), func.max(open_id))
        .where(QuizAttempt.member_id == member_id, QuizAttempt.quiz_id.in_(quiz_ids))
        .group_by(QuizAttempt.quiz_id)
    )
    return {
        quiz_id: (best, latest if latest == latest_open else None)
        for quiz_id, best, latest, latest_open in tx.execute(wanted)
    }
