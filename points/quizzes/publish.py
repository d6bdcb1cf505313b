"""Keeping quizzes: drafted, published, changed, closed, copied; every step in the audit trail."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from mall import audit
from mall.db import must_get
from mall.errors import Conflict, Invalid, NotFound
from mall.ids import new_id
from points.earning.reading import Refused
from points.earning.sentences_display import shown
from points.quizzes.bank_keeping import lock_bank, stored
from points.quizzes.categories import check_categories, question_counts
from points.quizzes.documents import RULE_KEYS, QuizInvalid, QuizRules, read_draws, read_quiz, read_rules
from points.quizzes.models import Quiz, QuizQuestion
from points.quizzes.questions import code_of, wording_of

SYSTEM = "system"
TEXTS = ("title", "summary")
Draws = tuple[tuple[str, int], ...]


def publish_quiz(
    tx: Session,
    document: Any,
    now: datetime,
    actor: str = SYSTEM,
    request_id: str | None = None,
    *,
    draft: bool = False,
) -> Quiz:
    """Store a quiz; members see it at once, and may take it from ``opens_at``. With ``draft`` nobody sees it yet.

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
    listed = isinstance(document.get("draw"), list)
    check_categories(tx, [("category", read.category), *_draw_paths(read.draws, listed)])
    _check_bank(tx, read.draws, listed)
    quiz = Quiz(
        id=new_id("quiz"),
        code=read.code,
        category=read.category,
        title=read.title,
        summary=read.summary,
        draws=_stored_draws(read.draws),
        created_at=now,
        published_at=None if draft else now,
        version=1,
        **_columns(read.rules),
    )
    tx.add(quiz)
    tx.flush()
    for position, question in enumerate(read.questions, start=1):
        tx.add(QuizQuestion(id=new_id("qst"), quiz_id=quiz.id, position=position, **stored(question)))
    audit.record(
        tx, actor, "quiz.drafted" if draft else "quiz.published", quiz.id, {"code": quiz.code}, now, request_id
    )  # fmt: skip
    tx.flush()
    return quiz


def change_quiz(
    tx: Session,
    quiz_id: str,
    changes: dict[str, Any],
    now: datetime,
    actor: str,
    request_id: str | None = None,
    *,
    seen: int | None = None,
) -> Quiz:
    """Change a quiz: ``title``, ``summary``, ``category``, how it is taken (``documents.RULE_KEYS``), ``draw`` while
    it is a draft, ``published`` (True), ``retired`` (bool).

    ``seen``: the version that the editor looked at. Attempts under way keep the time and the questions they were
    given. Raises NotFound, Invalid naming the bad part, Conflict ``changed_meanwhile`` or ``quiz_published`` (what
    it asks is fixed).
    """
    quiz = tx.execute(select(Quiz).where(Quiz.id == quiz_id).with_for_update()).scalar_one_or_none()
    if quiz is None:
        raise NotFound()
    if seen is not None and quiz.version != seen:
        raise Conflict("changed_meanwhile")
    body = {**rules_document(quiz), **{name: value for name, value in changes.items() if name in RULE_KEYS}}
    with tx.no_autoflush:
        try:
            for name in TEXTS:
                if name in changes:
                    setattr(quiz, name, wording_of(changes[name], name))
            if "category" in changes:
                quiz.category = code_of(changes["category"], "category")
            draws = read_draws(changes["draw"]) if "draw" in changes else None
            rules = read_rules(body)
        except QuizInvalid as error:
            raise Invalid({error.path: [shown(error.reason)]}) from error
        except Refused as refused:
            raise Invalid({refused.path: [shown(refused.reason)]}) from refused
        _check_change(tx, quiz, changes, draws)
    for name, value in _columns(rules).items():
        setattr(quiz, name, value)
    if changes.get("published") and quiz.published_at is None:
        _check_bank(tx, tuple((draw["category"], draw["count"]) for draw in quiz.draws), listed=True)
        quiz.published_at = now
    if "retired" in changes:
        quiz.retired_at = (quiz.retired_at or now) if changes["retired"] else None
    quiz.version += 1
    audit.record(tx, actor, "quiz.changed", quiz.id, {"changes": changes}, now, request_id)
    tx.flush()
    return quiz


def _check_change(tx: Session, quiz: Quiz, changes: dict[str, Any], draws: Draws | None) -> None:
    listed = isinstance(changes.get("draw"), list)
    check_categories(tx, [("category", quiz.category), *(_draw_paths(draws, listed) if draws else ())])
    if draws is None or _stored_draws(draws) == quiz.draws:
        return
    if quiz.published_at is not None:
        raise Conflict("quiz_published")
    if not quiz.draws:
        raise Invalid({"draw": [_("This quiz has questions of its own.")]})
    _check_bank(tx, draws, listed)
    quiz.draws = _stored_draws(draws)


def copy_quiz(tx: Session, quiz_id: str, now: datetime, actor: str, request_id: str | None = None) -> Quiz:
    """A draft with all of a quiz but its schedule. Raises NotFound."""
    original = must_get(tx, Quiz, quiz_id)
    made = Quiz(
        id=new_id("quiz"), code="", category=original.category, title=dict(original.title),
        summary=dict(original.summary), draws=list(original.draws), created_at=now, published_at=None, version=1,
        time_limit_seconds=original.time_limit_seconds, attempts_limit=original.attempts_limit,
        attempts_period=original.attempts_period, pass_percent=original.pass_percent, shuffle=original.shuffle,
        hold_results=original.hold_results,
    )  # fmt: skip
    made.code = code_from(made.id)
    tx.add(made)
    tx.flush()
    own = select(QuizQuestion).where(QuizQuestion.quiz_id == original.id).order_by(QuizQuestion.position)
    for question in tx.scalars(own).all():
        copied = {name: getattr(question, name) for name in ("kind", "text", "options", "answer", "explanation")}
        tx.add(QuizQuestion(id=new_id("qst"), quiz_id=made.id, position=question.position, **copied))
    audit.record(tx, actor, "quiz.drafted", made.id, {"copy_of": original.id}, now, request_id)
    tx.flush()
    return made


def code_from(quiz_id: str) -> str:
    """A code for a quiz that was made in a form, where nobody names one."""
    return quiz_id.replace("_", "-")


def find_quiz(tx: Session, code: str) -> Quiz | None:
    """A quiz by its code."""
    return tx.execute(select(Quiz).where(Quiz.code == code)).scalar_one_or_none()


def rules_document(quiz: Quiz) -> dict[str, Any]:
    """How a quiz is taken, as its document says it."""
    limited = quiz.attempts_limit is not None
    return {
        "time_limit_seconds": quiz.time_limit_seconds,
        "attempts": {"count": quiz.attempts_limit, "period": quiz.attempts_period} if limited else None,
        "pass_percent": quiz.pass_percent,
        "shuffle": quiz.shuffle,
        "opens_at": quiz.opens_at.isoformat() if quiz.opens_at else None,
        "closes_at": quiz.closes_at.isoformat() if quiz.closes_at else None,
        "hold_results": quiz.hold_results,
    }


def _draw_paths(draws: Draws, listed: bool) -> list[tuple[str, str]]:
    return [
        (f"draw.{place}.category" if listed else "draw.category", code) for place, (code, _count) in enumerate(draws)
    ]


def _check_bank(tx: Session, draws: Draws, listed: bool) -> None:
    if not draws:
        return
    lock_bank(tx)
    there = question_counts(tx)
    errors = {
        f"draw.{place}.count" if listed else "draw.count": [
            _("The bank has only %(count)s such questions.", count=there.get(code, 0))
        ]
        for place, (code, count) in enumerate(draws)
        if there.get(code, 0) < count
    }
    if errors:
        raise Invalid(errors)


def _stored_draws(draws: Draws) -> list[dict[str, Any]]:
    return [{"category": code, "count": count} for code, count in draws]


def _columns(rules: QuizRules) -> dict[str, Any]:
    return {
        "time_limit_seconds": rules.time_limit_seconds,
        "attempts_limit": rules.attempts,
        "attempts_period": rules.attempts_period,
        "pass_percent": rules.pass_percent,
        "shuffle": rules.shuffle,
        "opens_at": rules.opens_at,
        "closes_at": rules.closes_at,
        "hold_results": rules.hold_results,
    }
