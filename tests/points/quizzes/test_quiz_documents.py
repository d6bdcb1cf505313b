"""Quiz documents: read whole or refused with the path of the bad part."""

from __future__ import annotations

import json
from typing import Any

import pytest

from points.quizzes.documents import QuizInvalid, in_locale, read_quiz

BOTH = {"zh": "中", "en": "E"}
GOOD: dict[str, Any] = {
    "code": "a-quiz",
    "category": "law",
    "title": BOTH,
    "summary": BOTH,
    "questions": [{"text": BOTH, "options": [BOTH, BOTH, BOTH], "answer": 2, "explanation": BOTH}],
}


def _with(path: str, value: Any) -> dict[str, Any]:
    document = json.loads(json.dumps(GOOD))
    part: Any = document
    *parents, last = path.split(".")
    for name in parents:
        part = part[int(name)] if isinstance(part, list) else part[name]
    part[int(last) if isinstance(part, list) else last] = value
    return document


def test_options_get_letters_in_their_order_and_the_answer_is_one_of_them() -> None:
    question = read_quiz(GOOD).questions[0]
    assert [option_id for option_id, _ in question.options] == ["a", "b", "c"]
    assert question.answer == "c"


def test_texts_are_trimmed() -> None:
    assert read_quiz(_with("title", {"zh": " 中 ", "en": "E\n"})).title == BOTH


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        ("code", "Not A Code", "code"),
        ("code", "a" * 61, "code"),
        ("code", 7, "code"),
        ("category", "Not A Code", "category"),
        ("category", [], "category"),
        ("title", "only one language", "title"),
        ("title", {"zh": "中"}, "title"),
        ("title.en", "", "title.en"),
        ("title.en", "a\0b", "title.en"),
        ("title.en", "x" * 1001, "title.en"),
        ("questions", [], "questions"),
        ("questions", {}, "questions"),
        ("questions.0", {"text": BOTH}, "questions.0"),
        ("questions.0.options", [BOTH], "questions.0.options"),
        ("questions.0.options", [BOTH] * 9, "questions.0.options"),
        ("questions.0.answer", 3, "questions.0.answer"),
        ("questions.0.answer", -1, "questions.0.answer"),
        ("questions.0.answer", True, "questions.0.answer"),
        ("questions.0.answer", "c", "questions.0.answer"),
        ("questions.0.explanation.zh", None, "questions.0.explanation.zh"),
        ("extra", 1, "quiz"),
    ],
)
def test_a_bad_part_is_refused_by_its_path(path: str, value: Any, named: str) -> None:
    with pytest.raises(QuizInvalid) as refused:
        read_quiz(_with(path, value))
    assert refused.value.path == named


@pytest.mark.parametrize("value", [None, [], "quiz", 3])
def test_what_is_no_object_is_no_quiz(value: Any) -> None:
    with pytest.raises(QuizInvalid):
        read_quiz(value)


def test_a_text_is_given_in_the_readers_language_or_in_chinese() -> None:
    assert in_locale(BOTH, "en") == "E"
    assert in_locale(BOTH, "fr") == "中"
