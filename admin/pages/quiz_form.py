"""The form of a quiz: from the row to its fields, from what was typed to what the use case takes, and refusals back."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from flask import request

from admin.pages.forms import moment_of, moment_shown, whole_typed
from mall.errors import FieldErrors, Invalid, MallError
from mall.http.problems import plain_errors
from points.quizzes.models import Quiz

LANGUAGES = ("zh", "en")
TEXTS = ("title", "summary")
DRAW = "draw."
"""Fields are ``draw.<category>``: how many of it; empty for none."""
_AT = {"time_limit_seconds": "minutes", "attempts": "attempts", "draw": "draw"}


def form_of(quiz: Quiz) -> dict[str, Any]:
    """The fields of a quiz as it stands."""
    form: dict[str, Any] = {
        f"{text}.{lang}": getattr(quiz, text).get(lang, "") for text in TEXTS for lang in LANGUAGES
    }  # fmt: skip
    for name in ("opens_at", "closes_at"):
        form[name] = moment_shown(getattr(quiz, name))
    seconds = quiz.time_limit_seconds
    return {
        **form,
        "category": quiz.category,
        "minutes": f"{Decimal(seconds) / 60:.2f}".rstrip("0").rstrip(".") if seconds else "",
        "attempts": quiz.attempts_limit or "",
        "period": quiz.attempts_period or "total",
        "pass_percent": quiz.pass_percent or "",
        "shuffle": quiz.shuffle,
        "hold_results": quiz.hold_results,
        **{f"{DRAW}{draw['category']}": draw["count"] for draw in quiz.draws},
    }


def typed(codes: Sequence[str]) -> dict[str, Any]:
    """What was typed, as changes of a quiz; what is no number or moment stays, to be refused at its field."""
    get = request.form.get
    counts = [(code, get(f"{DRAW}{code}", "").strip()) for code in codes]
    count = get("attempts", "").strip()
    return {
        **{text: {lang: get(f"{text}.{lang}", "").strip() for lang in LANGUAGES} for text in TEXTS},
        "category": get("category", ""),
        "draw": [{"category": code, "count": whole_typed(text, 9)} for code, text in counts if text and text != "0"],
        "time_limit_seconds": _seconds(get("minutes", "").strip()),
        "attempts": {"count": whole_typed(count, 9), "period": get("period", "")} if count else None,
        "pass_percent": whole_typed(get("pass_percent", "").strip(), 9) if get("pass_percent", "").strip() else None,
        "shuffle": get("shuffle") == "1",
        "hold_results": get("hold_results") == "1",
        "opens_at": moment_of(get("opens_at", "")),
        "closes_at": moment_of(get("closes_at", "")),
    }


def at_fields(error: MallError, drawn: Sequence[dict[str, Any]]) -> MallError:
    """The reasons of a refusal at the form's own fields."""
    if not isinstance(error, Invalid):
        return error
    moved: FieldErrors = {}
    for path, why in plain_errors(error.errors).items():
        parts = path.split(".")
        field = _AT.get(parts[0], path)
        if parts[0] == "draw" and len(parts) > 1 and parts[1].isdigit() and int(parts[1]) < len(drawn):
            field = f"{DRAW}{drawn[int(parts[1])]['category']}"
        elif parts[0] in TEXTS and len(parts) == 1:
            field = f"{path}.zh"
        moved[field] = [*moved.get(field, []), *why]
    return Invalid(moved)


def _seconds(text: str) -> int | str | None:
    """Minutes as seconds; what are no whole seconds stays a text."""
    if not text:
        return None
    try:
        seconds = Decimal(text) * 60
    except InvalidOperation:
        return text
    return int(seconds) if seconds.is_finite() and abs(seconds) < 10**9 and seconds == int(seconds) else text
