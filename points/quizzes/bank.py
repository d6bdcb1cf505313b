"""Reading quizzes, the bank and flagged attempts for staff."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, or_, select
from sqlalchemy.orm import Session

from mall.errors import NotFound
from points.quizzes.models import Quiz, QuizAttempt, QuizQuestion
from points.quizzes.questions import LOCALES, OPTION_IDS
from points.quizzes.taking import VOID, WAITING

STATES = ("draft", "scheduled", "open", "closed", "retired")


def quizzes_for_staff(
    tx: Session, *, limit: int, now: datetime, before: str | None = None, state: str = ""
) -> list[Quiz]:
    """Up to ``limit`` quizzes, the newest first, retired ones too; older than the id ``before``.

    ``state``: one of ``STATES`` at ``now``, or empty for all.
    """
    wanted = select(Quiz).order_by(Quiz.id.desc()).limit(limit)
    out = Quiz.retired_at.is_(None) & Quiz.published_at.is_not(None)
    begun = or_(Quiz.opens_at.is_(None), Quiz.opens_at <= now)
    over = Quiz.closes_at <= now
    conditions = {
        "draft": Quiz.retired_at.is_(None) & Quiz.published_at.is_(None),
        "scheduled": out & ~begun,
        "open": out & begun & or_(Quiz.closes_at.is_(None), ~over),
        "closed": out & begun & over,
        "retired": Quiz.retired_at.is_not(None),
    }
    if state in conditions:
        wanted = wanted.where(conditions[state])
    return list(tx.execute(wanted if before is None else wanted.where(Quiz.id < before)).scalars())


def own_question_counts(tx: Session, quiz_ids: list[str]) -> dict[str, int]:
    """By quiz: how many questions it has of its own."""
    own = QuizQuestion.quiz_id.in_(quiz_ids)
    counted = select(QuizQuestion.quiz_id, func.count()).where(own).group_by(QuizQuestion.quiz_id)
    return {str(quiz_id): count for quiz_id, count in tx.execute(counted)}


def quiz_questions(tx: Session, quiz_id: str) -> list[QuizQuestion]:
    """The questions of a quiz's own, in their order."""
    own = select(QuizQuestion).where(QuizQuestion.quiz_id == quiz_id).order_by(QuizQuestion.position)
    return list(tx.execute(own).scalars())


def bank_questions(
    tx: Session,
    *,
    limit: int | None = None,
    category: str | None = None,
    after: str | None = None,
    words: str | None = None,
    active: bool | None = None,
) -> list[QuizQuestion]:
    """Questions of the bank in order of their codes, from the one after the code ``after``; None: all.

    ``words``: found in the code, the question or its options, in either language.
    """
    in_bank = (QuizQuestion.quiz_id.is_(None), ~QuizQuestion.superseded)
    wanted = select(QuizQuestion).where(*in_bank).order_by(QuizQuestion.code)
    if category is not None:
        wanted = wanted.where(QuizQuestion.category == category)
    if active is not None:
        wanted = wanted.where(QuizQuestion.active == active)
    if words:
        texts = (QuizQuestion.code, *(QuizQuestion.text[lang].astext for lang in LOCALES), _options_text())
        wanted = wanted.where(or_(*(one.icontains(words, autoescape=True) for one in texts)))
    if after is not None:
        wanted = wanted.where(QuizQuestion.code > after)
    return list(tx.execute(wanted if limit is None else wanted.limit(limit)).scalars())


def _options_text() -> ColumnElement[str]:
    return cast(QuizQuestion.options, Text)


def bank_question(tx: Session, question_id: str) -> QuizQuestion:
    """A question of the bank. Raises NotFound."""
    mine = (QuizQuestion.id == question_id, QuizQuestion.quiz_id.is_(None), ~QuizQuestion.superseded)
    found = tx.execute(select(QuizQuestion).where(*mine)).scalar_one_or_none()
    if found is None:
        raise NotFound()
    return found


def results(tx: Session, quiz_id: str, *, limit: int, wanted: str = "", before: str | None = None) -> list[QuizAttempt]:
    """Attempts at a quiz that were handed in, the newest first.

    ``wanted``: ``waiting`` for those that are held, ``flagged``, ``void``, or empty for all.
    """
    conditions = {
        "waiting": QuizAttempt.review == WAITING,
        "flagged": QuizAttempt.flag.is_not(None),
        "void": QuizAttempt.review == VOID,
    }
    query = select(QuizAttempt).where(QuizAttempt.quiz_id == quiz_id, QuizAttempt.submitted_at.is_not(None))
    if wanted in conditions:
        query = query.where(conditions[wanted])
    if before is not None:
        query = query.where(QuizAttempt.id < before)
    return list(tx.execute(query.order_by(QuizAttempt.id.desc()).limit(limit)).scalars())


def flagged_attempts(tx: Session, quiz_id: str, *, limit: int, before: str | None = None) -> list[QuizAttempt]:
    """Attempts at a quiz that somebody should look at, the newest first."""
    wanted = select(QuizAttempt).where(QuizAttempt.quiz_id == quiz_id, QuizAttempt.flag.is_not(None))
    if before is not None:
        wanted = wanted.where(QuizAttempt.id < before)
    return list(tx.execute(wanted.order_by(QuizAttempt.id.desc()).limit(limit)).scalars())


def document_of(question: QuizQuestion) -> dict[str, Any]:
    """A question of the bank as the document it could be imported from."""
    right = [OPTION_IDS.index(letter) for letter in question.answer]
    document: dict[str, Any] = {
        "code": question.code,
        "category": question.category,
        "kind": question.kind,
        "text": question.text,
        "explanation": question.explanation,
    }
    if question.kind == "true_false":
        return {**document, "answer": right[0] == 0}
    answer: Any = right if question.kind == "multiple" else right[0]
    return {**document, "options": [option["text"] for option in question.options], "answer": answer}
