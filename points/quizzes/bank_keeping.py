"""Keeping the bank of questions: written, imported, changed, retired; never deleted.

A question that attempts have been given keeps its row when its options or its answer change: those attempts show
what they were asked. The bank then has a new row under the code. A better wording alone changes the row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from mall import audit
from mall.errors import Conflict, Invalid, NotFound
from mall.ids import new_id
from points.earning.reading import Refused
from points.earning.sentences_display import shown
from points.quizzes.categories import unknown_category
from points.quizzes.models import Quiz, QuizCategory, QuizQuestion
from points.quizzes.questions import BankQuestion, QuestionDocument, read_bank_question

SYSTEM = "system"
ASKED = ("kind", "options", "answer")
"""What attempts were graded by."""
_WAS_GIVEN = "SELECT EXISTS (SELECT 1 FROM quiz_attempts WHERE :id = ANY (question_ids))"


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of the questions of an import, by their codes, in their order."""

    added: list[str]
    changed: list[str]
    unchanged: list[str]


def import_questions(
    tx: Session, documents: Sequence[Any], now: datetime, actor: str = SYSTEM, request_id: str | None = None
) -> Imported:
    """Put questions into the bank, all or none. A code that is there already takes the new wording.

    Raises Invalid naming every bad question.
    """
    read = _read_all(tx, documents)
    lock_bank(tx)
    kept = _kept(tx, [one.code for one in read])
    done = Imported([], [], [])
    for one in read:
        {"added": done.added, "changed": done.changed, "unchanged": done.unchanged}[
            _put(tx, kept.get(one.code), one)
        ].append(one.code)
    if done.added or done.changed:
        detail = {"added": len(done.added), "changed": len(done.changed), "codes": (done.added + done.changed)[:20]}
        audit.record(tx, actor, "question.imported", "bank", detail, now, request_id)
    tx.flush()
    return done


def save_question(
    tx: Session, document: Any, seen: int | None, now: datetime, actor: str, request_id: str | None = None
) -> QuizQuestion:
    """Write a question (``seen`` None), or change the one of its code that stood at version ``seen``.

    Raises Invalid naming the part, Conflict ``question_exists``, ``changed_meanwhile`` or ``question_needed``,
    NotFound.
    """
    one = _read_all(tx, [document], "")[0]
    lock_bank(tx)
    row = _kept(tx, [one.code]).get(one.code)
    if seen is None:
        if row is not None:
            raise Conflict("question_exists")
    elif row is None:
        raise NotFound()
    elif row.version != seen:
        raise Conflict("changed_meanwhile")
    before = row.category if row is not None else None
    _put(tx, row, one)
    tx.flush()
    if before not in (None, one.category):
        _check_needed(tx, before)
    saved = _kept(tx, [one.code])[one.code]
    detail = {"code": one.code, "category": one.category}
    audit.record(
        tx, actor, "question.written" if seen is None else "question.changed", saved.id, detail, now, request_id
    )  # fmt: skip
    return saved


def set_question_active(
    tx: Session, question_id: str, active: bool, now: datetime, actor: str, request_id: str | None = None
) -> QuizQuestion:
    """Let quizzes draw a question of the bank, or no longer.

    Raises NotFound; Conflict ``question_needed`` when a quiz that is not retired would be left with fewer questions
    than it draws.
    """
    lock_bank(tx)
    mine = (QuizQuestion.id == question_id, QuizQuestion.quiz_id.is_(None), ~QuizQuestion.superseded)
    question = tx.execute(select(QuizQuestion).where(*mine).with_for_update()).scalar_one_or_none()
    if question is None:
        raise NotFound()
    if question.active != active:
        question.active = active
        question.version += 1
        tx.flush()
        if not active:
            _check_needed(tx, question.category)
        audit.record(tx, actor, "question.changed", question_id, {"active": active}, now, request_id)
        tx.flush()
    return question


def lock_bank(tx: Session) -> None:
    """Questions are retired, and quizzes that draw are published, one after another: none is left short."""
    tx.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("quiz-bank", 0))))


def stored(question: QuestionDocument) -> dict[str, Any]:
    """A question as its row holds it."""
    return {
        "kind": question.kind,
        "text": question.text,
        "options": [{"id": option_id, "text": text} for option_id, text in question.options],
        "answer": question.answer,
        "explanation": question.explanation,
    }


def _kept(tx: Session, codes: Sequence[str]) -> dict[str, QuizQuestion]:
    rows = tx.execute(select(QuizQuestion).where(QuizQuestion.code.in_(codes)).with_for_update()).scalars()
    return {str(row.code): row for row in rows}


def _put(tx: Session, row: QuizQuestion | None, one: BankQuestion) -> str:
    """What was retired stays so."""
    values = {**stored(one.question), "category": one.category, "active": row.active if row is not None else True}
    if row is None:
        tx.add(_new(one.code, values))
        return "added"
    if all(getattr(row, name) == value for name, value in values.items()):
        return "unchanged"
    asked_else = any(getattr(row, name) != values[name] for name in ASKED)
    if asked_else and tx.execute(text(_WAS_GIVEN), {"id": row.id}).scalar_one():
        row.active, row.superseded, row.code = False, True, f"{one.code}.{row.id}"
        tx.flush()
        tx.add(_new(one.code, values, row.version + 1))
        return "changed"
    for name, value in values.items():
        setattr(row, name, value)
    row.version += 1
    return "changed"


def _new(code: str, values: dict[str, Any], version: int = 1) -> QuizQuestion:
    return QuizQuestion(
        id=new_id("qst"), quiz_id=None, position=0, code=code, version=version, superseded=False, **values
    )  # fmt: skip


def _check_needed(tx: Session, category: str | None) -> None:
    free = (QuizQuestion.quiz_id.is_(None), QuizQuestion.active, QuizQuestion.category == category)
    left = tx.execute(select(func.count()).select_from(QuizQuestion).where(*free)).scalar_one()
    drawing = tx.execute(select(Quiz.draws).where(Quiz.retired_at.is_(None), Quiz.draws != [])).scalars()
    if any(draw["category"] == category and draw["count"] > left for draws in drawing for draw in draws):
        raise Conflict("question_needed")


def _read_all(tx: Session, documents: Sequence[Any], within: str = "questions.") -> list[BankQuestion]:
    errors: dict[str, list[str]] = {}
    read: list[BankQuestion] = []
    seen: set[str] = set()
    known = set(tx.scalars(select(QuizCategory.code)))
    for index, document in enumerate(documents):
        path = f"questions.{index}"
        category = document.get("category") if isinstance(document, dict) else None
        if isinstance(category, str) and category not in known:
            errors[f"{path}.category"] = [unknown_category(known)]
            continue
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
        raise Invalid({_moved(path, within): why for path, why in errors.items()})
    return read


def _moved(path: str, within: str) -> str:
    """``questions.0.code`` as ``code`` where the question stands alone."""
    return path if within else path.removeprefix("questions.0.").removeprefix("questions.0") or "form"
