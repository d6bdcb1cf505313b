"""Pure: a question as a JSON document, read and checked before anything is stored.

    {"kind": "single", "text": {"zh": "…", "en": "…"}, "options": [{"zh": "…", "en": "…"}, …], "answer": 1,
     "explanation": {"zh": "…", "en": "…"}}

``kind``: ``single`` (the default), ``multiple`` (``answer`` lists every right option and all must be given), or
``true_false`` (no ``options``; ``answer`` is true or false). ``answer`` counts options from 0. Options are named
``a``, ``b``, … in their order; a right answer is kept as the letters of its options: ``"b"``, ``"acd"``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from points.earning.reading import Refused, choice

LOCALES = ("zh", "en")
KINDS = ("single", "multiple", "true_false")
OPTION_IDS = "abcdefgh"
MAX_TEXT = 1000
TRUE_FALSE = ({"zh": "正确", "en": "True"}, {"zh": "错误", "en": "False"})
"""The options of a statement; the first is right when it is true."""
CODE_PATTERN = r"[a-z0-9]+(-[a-z0-9]+)*"
"""What names a question, a category or a quiz in files."""
_CODE = re.compile(CODE_PATTERN)
Wording = dict[str, str]


@dataclass(frozen=True, slots=True)
class QuestionDocument:
    """A question ready to be stored. ``answer``: the letters of the right options, in order."""

    kind: str
    text: Wording
    options: tuple[tuple[str, Wording], ...]
    answer: str
    explanation: Wording


@dataclass(frozen=True, slots=True)
class BankQuestion:
    """A question of the bank, which quizzes draw from. ``code`` names it for imports."""

    code: str
    category: str
    question: QuestionDocument


def read_question(value: Any, path: str) -> QuestionDocument:
    """Read a question of a quiz. Raises Refused for the first bad part."""
    return _question(members_of(value, path, ("text", "answer", "explanation"), ("kind", "options")), path)


def read_bank_question(value: Any, path: str) -> BankQuestion:
    """Read a question of the bank. Raises Refused for the first bad part."""
    required = ("code", "category", "text", "answer", "explanation")
    body = members_of(value, path, required, ("kind", "options"))
    return BankQuestion(
        code_of(body["code"], f"{path}.code"),
        code_of(body["category"], f"{path}.category"),
        _question(body, path),
    )


def in_locale(wording: Wording, locale: str) -> str:
    """A text in ``locale``, in Chinese when it has no such version."""
    return wording.get(locale) or wording["zh"]


def members_of(value: Any, path: str, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> dict[str, Any]:
    """An object with all of ``required`` and nothing beside ``optional``."""
    if not isinstance(value, dict) or not set(required) <= set(value) <= {*required, *optional}:
        known = ", ".join((*required, *(f"{name}?" for name in optional)))
        raise Refused(path, "must be an object of: %(known)s", known=known)
    return value


def code_of(value: Any, path: str) -> str:
    """A name for imports."""
    if not isinstance(value, str) or len(value) > 60 or not _CODE.fullmatch(value):
        raise Refused(path, "must be words of small letters and digits joined by hyphens")
    return value


def wording_of(value: Any, path: str) -> Wording:
    """A text in both languages, trimmed."""
    body = members_of(value, path, LOCALES)
    for locale, text in body.items():
        if not isinstance(text, str) or not 1 <= len(text.strip()) <= MAX_TEXT or "\0" in text:
            raise Refused(f"{path}.{locale}", "must be a text of 1 to %(most)s characters", most=MAX_TEXT)
    return {locale: body[locale].strip() for locale in LOCALES}


def _question(body: dict[str, Any], path: str) -> QuestionDocument:
    kind = choice(body.get("kind", "single"), f"{path}.kind", KINDS)
    options, answer = (_statement if kind == "true_false" else _options)(body, path, kind)
    return QuestionDocument(
        kind,
        wording_of(body["text"], f"{path}.text"),
        tuple(zip(OPTION_IDS, options, strict=False)),
        answer,
        wording_of(body["explanation"], f"{path}.explanation"),
    )


def _statement(body: dict[str, Any], path: str, _kind: str) -> tuple[list[Wording], str]:
    if "options" in body:
        raise Refused(f"{path}.options", "a statement has no options of its own")
    if type(body["answer"]) is not bool:
        raise Refused(f"{path}.answer", "must be true or false")
    return list(TRUE_FALSE), OPTION_IDS[0 if body["answer"] else 1]


def _options(body: dict[str, Any], path: str, kind: str) -> tuple[list[Wording], str]:
    options = body.get("options")
    if not isinstance(options, list) or not 2 <= len(options) <= len(OPTION_IDS):
        raise Refused(f"{path}.options", "must be a list of 2 to %(most)s", most=len(OPTION_IDS))
    right = body["answer"]
    if kind == "single":
        right = [right]
    if not isinstance(right, list) or not right or any(type(one) is not int for one in right):
        raise Refused(f"{path}.answer", "must be the index of an option, or a list of them")
    if len(set(right)) != len(right) or not all(0 <= one < len(options) for one in right):
        raise Refused(f"{path}.answer", "must be the index of an option, or a list of them")
    words = [wording_of(option, f"{path}.options.{index}") for index, option in enumerate(options)]
    return words, "".join(OPTION_IDS[one] for one in sorted(right))
