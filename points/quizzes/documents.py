"""Pure: a quiz as a JSON document, read and checked before anything is stored.

    {"code": "everyday-law", "category": "law", "title": {"zh": "…", "en": "…"}, "summary": {"zh": "…", "en": "…"},
     "questions": [{"text": {"zh": "…", "en": "…"}, "options": [{"zh": "…", "en": "…"}, …],
                    "answer": 1, "explanation": {"zh": "…", "en": "…"}}]}

``answer`` is the index of the right option, from 0. Options are named ``a``, ``b``, … in their order.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

LOCALES = ("zh", "en")
CATEGORIES = ("law", "fraud", "safety")
OPTION_IDS = "abcdefgh"
MAX_QUESTIONS = 50
MAX_TEXT = 1000
_CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
Wording = dict[str, str]


class QuizInvalid(ValueError):
    """A quiz document is refused; ``path`` names the bad part."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path, self.reason = path, reason


@dataclass(frozen=True, slots=True)
class QuestionDocument:
    """A question ready to be stored."""

    text: Wording
    options: tuple[tuple[str, Wording], ...]
    answer: str
    explanation: Wording


@dataclass(frozen=True, slots=True)
class QuizDocument:
    """A quiz ready to be stored."""

    code: str
    category: str
    title: Wording
    summary: Wording
    questions: tuple[QuestionDocument, ...]


def read_quiz(document: Any) -> QuizDocument:
    """Read a quiz document. Raises QuizInvalid for the first bad part."""
    body = _object(document, "quiz", ("code", "category", "title", "summary", "questions"))
    code = body["code"]
    if not isinstance(code, str) or len(code) > 60 or not _CODE.fullmatch(code):
        raise QuizInvalid("code", "must be words of small letters and digits joined by hyphens")
    if body["category"] not in CATEGORIES:
        raise QuizInvalid("category", "must be one of: " + ", ".join(CATEGORIES))
    questions = body["questions"]
    if not isinstance(questions, list) or not 1 <= len(questions) <= MAX_QUESTIONS:
        raise QuizInvalid("questions", f"must be a list of 1 to {MAX_QUESTIONS}")
    return QuizDocument(
        code,
        body["category"],
        _wording(body["title"], "title"),
        _wording(body["summary"], "summary"),
        tuple(_question(question, f"questions.{index}") for index, question in enumerate(questions)),
    )


def in_locale(wording: Wording, locale: str) -> str:
    """A text in ``locale``, in Chinese when it has no such version."""
    return wording.get(locale) or wording["zh"]


def _question(value: Any, path: str) -> QuestionDocument:
    body = _object(value, path, ("text", "options", "answer", "explanation"))
    options = body["options"]
    if not isinstance(options, list) or not 2 <= len(options) <= len(OPTION_IDS):
        raise QuizInvalid(f"{path}.options", f"must be a list of 2 to {len(OPTION_IDS)}")
    answer = body["answer"]
    if type(answer) is not int or not 0 <= answer < len(options):
        raise QuizInvalid(f"{path}.answer", "must be the index of an option")
    return QuestionDocument(
        _wording(body["text"], f"{path}.text"),
        tuple((OPTION_IDS[index], _wording(option, f"{path}.options.{index}")) for index, option in enumerate(options)),
        OPTION_IDS[answer],
        _wording(body["explanation"], f"{path}.explanation"),
    )


def _object(value: Any, path: str, keys: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) != set(keys):
        raise QuizInvalid(path, "must be an object of exactly: " + ", ".join(keys))
    return value


def _wording(value: Any, path: str) -> Wording:
    body = _object(value, path, LOCALES)
    for locale, text in body.items():
        if not isinstance(text, str) or not 1 <= len(text.strip()) <= MAX_TEXT or "\0" in text:
            raise QuizInvalid(f"{path}.{locale}", f"must be a text of 1 to {MAX_TEXT} characters")
    return {locale: body[locale].strip() for locale in LOCALES}
