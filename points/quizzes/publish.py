"""Publishing quizzes and keeping the bank of questions they draw from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from mall import audit
from mall.errors import Conflict, Invalid, NotFound
from mall.ids import new_id
from points.earning.reading import Refused
from points.earning.sentences_display import shown
from points.quizzes.documents import RULE_KEYS, QuizInvalid, QuizRules, read_quiz, read_rules
from points.quizzes.models import Quiz, QuizQuestion
from points.quizzes.questions import BankQuestion, QuestionDocument, read_bank_question

SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of the questions of an import, by their codes, in their order."""

    added: list[str]
    changed: list[str]
    unchanged: list[str]


def publish_quiz(tx: Session, document: Any, now: datetime, actor: str = SYSTEM, request_id: str | None = None) -> Quiz:
    """Store a quiz; members see it at once, and may take it from ``opens_at``.

    Raises Invalid naming the bad part of the document, or ``draw.count`` when the bank has fewer questions;
    Conflict ``quiz_exists`` when its code is taken: the questions of a published quiz do not change under those
    who took it.
    """
    try:
        read = read_quiz(document)
    except QuizInvalid as error:
        raise Invalid({error.path: [shown(error.reason)]}) from error
    if find_quiz(tx, read.code) is not None:
        raise Conflict("quiz_exists")
    if read.draw_count is not None and (there := _in_bank(tx, read.draw_category)) < read.draw_count:
        raise Invalid({"draw.count": [_("The bank has only %(count)s such questions.", count=there)]})
    quiz = Quiz(
        id=new_id("quiz"),
        code=read.code,
        category=read.category,
        title=read.title,
        summary=read.summary,
        draw_category=read.draw_category,
        draw_count=read.draw_count,
        created_at=now,
        **_columns(read.rules),
    )
    tx.add(quiz)
    tx.flush()
    for position, question in enumerate(read.questions, start=1):
        tx.add(QuizQuestion(id=new_id("qst"), quiz_id=quiz.id, position=position, **_stored(question)))
    audit.record(tx, actor, "quiz.published", quiz.id, {"code": quiz.code}, now, request_id)
    tx.flush()
    return quiz


def change_quiz(
    tx: Session, quiz_id: str, changes: dict[str, Any], now: datetime, actor: str, request_id: str | None = None
) -> Quiz:
    """Change how a quiz is taken (``documents.RULE_KEYS``) or take it off the list (``retired``: bool).

    Attempts under way keep the time they were given. Raises NotFound, Invalid naming the bad part.
    """
    quiz = tx.execute(select(Quiz).where(Quiz.id == quiz_id).with_for_update()).scalar_one_or_none()
    if quiz is None:
        raise NotFound()
    body = {**_document_of(quiz), **{name: value for name, value in changes.items() if name in RULE_KEYS}}
    try:
        rules = read_rules(body)
    except QuizInvalid as error:
        raise Invalid({error.path: [shown(error.reason)]}) from error
    for name, value in _columns(rules).items():
        setattr(quiz, name, value)
    if "retired" in changes:
        quiz.retired_at = (quiz.retired_at or now) if changes["retired"] else None
    audit.record(tx, actor, "quiz.changed", quiz.id, {"changes": changes}, now, request_id)
    tx.flush()
    return quiz


def import_questions(
    tx: Session, documents: Sequence[Any], now: datetime, actor: str = SYSTEM, request_id: str | None = None
) -> Imported:
    """Put questions into the bank, all or none. A code that is there already takes the new wording.

    A question that attempts have been given keeps its row and its id: those attempts show what it says now, and
    their grades stay. Raises Invalid naming every bad question.
    """
    read = _read_all(documents)
    codes = [one.code for one in read]
    kept = {
        row.code: row
        for row in tx.execute(select(QuizQuestion).where(QuizQuestion.code.in_(codes)).with_for_update()).scalars()
    }
    done = Imported([], [], [])
    for one in read:
        values = {**_stored(one.question), "category": one.category, "active": True}
        row = kept.get(one.code)
        if row is None:
            tx.add(QuizQuestion(id=new_id("qst"), quiz_id=None, position=0, code=one.code, **values))
            done.added.append(one.code)
        elif all(getattr(row, name) == value for name, value in values.items()):
            done.unchanged.append(one.code)
        else:
            for name, value in values.items():
                setattr(row, name, value)
            done.changed.append(one.code)
    if done.added or done.changed:
        detail = {"added": len(done.added), "changed": len(done.changed), "codes": (done.added + done.changed)[:20]}
        audit.record(tx, actor, "question.imported", "bank", detail, now, request_id)
    tx.flush()
    return done


def set_question_active(
    tx: Session, question_id: str, active: bool, now: datetime, actor: str, request_id: str | None = None
) -> QuizQuestion:
    """Let quizzes draw a question of the bank, or no longer.

    Raises NotFound; Conflict ``question_needed`` when a quiz that is not retired would be left with fewer questions
    than it draws.
    """
    # The whole category is locked, so that two at once cannot leave a quiz short.
    tx.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("quiz-bank", 0))))
    wanted = select(QuizQuestion).where(QuizQuestion.id == question_id, QuizQuestion.quiz_id.is_(None))
    question = tx.execute(wanted.with_for_update()).scalar_one_or_none()
    if question is None:
        raise NotFound()
    if question.active != active:
        tx.execute(update(QuizQuestion).where(QuizQuestion.id == question_id).values(active=active))
        most = select(func.max(Quiz.draw_count)).where(
            Quiz.draw_category == question.category, Quiz.retired_at.is_(None)
        )
        if not active and _in_bank(tx, question.category) < (tx.execute(most).scalar() or 0):
            raise Conflict("question_needed")
        audit.record(tx, actor, "question.changed", question_id, {"active": active}, now, request_id)
        tx.refresh(question)
    return question


def find_quiz(tx: Session, code: str) -> Quiz | None:
    """A quiz by its code."""
    return tx.execute(select(Quiz).where(Quiz.code == code)).scalar_one_or_none()


def _in_bank(tx: Session, category: str | None) -> int:
    free = QuizQuestion.quiz_id.is_(None) & QuizQuestion.active & (QuizQuestion.category == category)
    return int(tx.execute(select(func.count()).select_from(QuizQuestion).where(free)).scalar_one())


def _read_all(documents: Sequence[Any]) -> list[BankQuestion]:
    errors: dict[str, list[str]] = {}
    read: list[BankQuestion] = []
    seen: set[str] = set()
    for index, document in enumerate(documents):
        path = f"questions.{index}"
        try:
            one = read_bank_question(document, path)
        except Refused as refused:
            errors[refused.path] = [shown(refused.reason)]
            continue
        if one.code in seen:
            errors[f"{path}.code"] = [_("Stands here twice.")]
        seen.add(one.code)
        read.append(one)
    if errors:
        raise Invalid(errors)
    return read


def _stored(question: QuestionDocument) -> dict[str, Any]:
    return {
        "kind": question.kind,
        "text": question.text,
        "options": [{"id": option_id, "text": text} for option_id, text in question.options],
        "answer": question.answer,
        "explanation": question.explanation,
    }


def _columns(rules: QuizRules) -> dict[str, Any]:
    return {
        "time_limit_seconds": rules.time_limit_seconds,
        "attempts_limit": rules.attempts,
        "attempts_period": rules.attempts_period,
        "pass_percent": rules.pass_percent,
        "shuffle": rules.shuffle,
        "opens_at": rules.opens_at,
        "closes_at": rules.closes_at,
    }


def _document_of(quiz: Quiz) -> dict[str, Any]:
    limited = quiz.attempts_limit is not None
    return {
        "time_limit_seconds": quiz.time_limit_seconds,
        "attempts": {"count": quiz.attempts_limit, "period": quiz.attempts_period} if limited else None,
        "pass_percent": quiz.pass_percent,
        "shuffle": quiz.shuffle,
        "opens_at": quiz.opens_at.isoformat() if quiz.opens_at else None,
        "closes_at": quiz.closes_at.isoformat() if quiz.closes_at else None,
    }
