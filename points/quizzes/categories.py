"""The categories of questions: kept by staff, named in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mall import audit
from mall.errors import Conflict, Invalid, NotFound
from points.earning.reading import Refused
from points.earning.sentences_display import shown
from points.earning.versions import By
from points.quizzes.models import Quiz, QuizCategory, QuizQuestion
from points.quizzes.questions import CODE_PATTERN, code_of, in_locale, wording_of

MOST = 50
_CODE = re.compile(CODE_PATTERN)


def categories(tx: Session) -> list[QuizCategory]:
    """All of them, in the order lists show them."""
    return list(tx.scalars(select(QuizCategory).order_by(QuizCategory.position, QuizCategory.code)))


def category_names(tx: Session, locale: str) -> dict[str, str]:
    """By code: the name in a language."""
    return {one.code: in_locale(one.name, locale) for one in categories(tx)}


def check_categories(tx: Session, given: Iterable[tuple[str, str]]) -> None:
    """Raise Invalid naming each place (path, code) whose category there is not."""
    known = set(tx.scalars(select(QuizCategory.code)))
    errors = {path: [unknown_category(known)] for path, code in given if code not in known}
    if errors:
        raise Invalid(errors)


def unknown_category(known: Iterable[str]) -> str:
    """The sentence that says so."""
    return str(_("There is no such category. There are: %(codes)s.", codes=", ".join(sorted(known))))


def checked_code(text: str) -> str:
    """``text`` if it has the form of a code. Raises NotFound."""
    if not _CODE.fullmatch(text):
        raise NotFound()
    return text


def save_category(tx: Session, code: Any, name: Any, seen: int | None, by: By) -> QuizCategory:
    """Make a category (``seen`` None), or change the name of the one that stood at version ``seen``.

    Raises Invalid naming the field, Conflict ``quiz_category_exists`` or ``changed_meanwhile``, NotFound.
    """
    try:
        code, name = code_of(code, "code"), wording_of(name, "name")
    except Refused as refused:
        raise Invalid({refused.path: [shown(refused.reason)]}) from None
    kept = tx.execute(select(QuizCategory).where(QuizCategory.code == code).with_for_update()).scalar_one_or_none()
    if seen is None:
        if kept is not None:
            raise Conflict("quiz_category_exists")
        there = tx.execute(select(func.count(), func.max(QuizCategory.position))).one()
        if there[0] >= MOST:
            raise Invalid({"code": [_("At most %(most)s categories.", most=MOST)]})
        kept = QuizCategory(code=code, name=name, position=(there[1] or 0) + 1, version=1)
        tx.add(kept)
    else:
        if kept is None:
            raise NotFound()
        if kept.version != seen:
            raise Conflict("changed_meanwhile")
        kept.name, kept.version = name, seen + 1
    audit.record(tx, by.name, "quiz_category.saved", f"quiz_category:{code}", {"name": name}, by.now, by.request_id)
    tx.flush()
    return kept


def remove_category(tx: Session, code: str, by: By) -> None:
    """Remove one that no question and no quiz uses. Raises NotFound, Conflict ``quiz_category_in_use``."""
    kept = tx.execute(select(QuizCategory).where(QuizCategory.code == code).with_for_update()).scalar_one_or_none()
    if kept is None:
        raise NotFound()
    used = select(func.count()).select_from(QuizQuestion).where(QuizQuestion.category == code)
    drawn = (
        select(func.count())
        .select_from(Quiz)
        .where((Quiz.category == code) | Quiz.draws.contains([{"category": code}]))
    )
    if tx.scalar(used) or tx.scalar(drawn):
        raise Conflict("quiz_category_in_use")
    tx.delete(kept)
    audit.record(tx, by.name, "quiz_category.removed", f"quiz_category:{code}", {}, by.now, by.request_id)
    tx.flush()


def question_counts(tx: Session) -> dict[str, int]:
    """By category: how many questions of the bank quizzes may draw."""
    free = (QuizQuestion.quiz_id.is_(None), QuizQuestion.active)
    counted = select(QuizQuestion.category, func.count()).where(*free).group_by(QuizQuestion.category)
    return {str(code): count for code, count in tx.execute(counted)}
