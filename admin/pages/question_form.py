"""The form of a question: from the row to its fields, from what was typed to a document, and refusals back."""

from __future__ import annotations

from typing import Any

from flask import request

from mall.errors import FieldErrors, Invalid, MallError
from mall.http.problems import plain_errors
from points.quizzes.models import QuizQuestion
from points.quizzes.questions import OPTION_IDS

LANGUAGES = ("zh", "en")
SLOTS = OPTION_IDS
"""Rows for options, named by their letters; ``right`` holds the letters that are ticked."""


def form_of(question: QuizQuestion) -> dict[str, Any]:
    """The fields of a question as it stands."""
    form: dict[str, Any] = {"kind": question.kind, "category": question.category, "right": list(question.answer)}
    for lang in LANGUAGES:
        form[f"text.{lang}"] = question.text.get(lang, "")
        form[f"explanation.{lang}"] = question.explanation.get(lang, "")
        if question.kind != "true_false":
            for option in question.options:
                form[f"option.{option['id']}.{lang}"] = option["text"].get(lang, "")
    if question.kind == "true_false":
        form["true"] = "1" if question.answer == OPTION_IDS[0] else "0"
    return form


def typed() -> dict[str, Any]:
    """What was typed, as the document of a question without its code; empty rows of options are left out."""
    get = request.form.get
    kind = get("kind", "")
    document: dict[str, Any] = {
        "category": get("category", ""),
        "kind": kind,
        "text": _wording("text"),
        "explanation": _wording("explanation"),
    }
    if kind == "true_false":
        return {**document, "answer": {"1": True, "0": False}.get(get("true", ""))}
    rows = _rows()
    right = [place for place, letter in enumerate(rows) if letter in request.form.getlist("right")]
    options = [_wording(f"option.{letter}") for letter in rows]
    one = right[0] if len(right) == 1 else None
    return {**document, "options": options, "answer": right if kind == "multiple" else one}


def at_fields(error: MallError) -> MallError:
    """The reasons of a refusal at the form's own fields: the third option that was written may stand in row five."""
    if not isinstance(error, Invalid):
        return error
    rows = _rows()
    errors: FieldErrors = {}
    for path, why in plain_errors(error.errors).items():
        parts = path.split(".")
        field = path
        if parts[0] == "options" and len(parts) > 1 and parts[1].isdigit() and int(parts[1]) < len(rows):
            field = f"option.{rows[int(parts[1])]}.{parts[2] if len(parts) > 2 else 'zh'}"
        elif parts[0] in ("text", "explanation") and len(parts) == 1:
            field = f"{path}.zh"
        errors[field] = [*errors.get(field, []), *why]
    return Invalid(errors)


def _wording(name: str) -> dict[str, str]:
    return {lang: request.form.get(f"{name}.{lang}", "").replace("\r\n", "\n").strip() for lang in LANGUAGES}


def _rows() -> list[str]:
    return [letter for letter in SLOTS if any(_wording(f"option.{letter}").values())]
