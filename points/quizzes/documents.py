"""Pure: a quiz as a JSON document, read and checked before anything is stored.

    {"code": "everyday-law", "category": "law", "title": {"zh": "…", "en": "…"}, "summary": {"zh": "…", "en": "…"},
     "questions": [{"text": …, "options": [{…}, …], "answer": 1, "explanation": …}],
     "time_limit_seconds": 300, "attempts": {"count": 3, "period": "day"}, "pass_percent": 60, "shuffle": true,
     "opens_at": "2026-12-01T08:00:00+08:00", "closes_at": null}

Instead of ``questions`` a quiz may draw them at random from the bank for each attempt:
``"draw": [{"category": "law", "count": 5}, …]`` (or one such object). ``"hold_results": true`` lets points wait until
staff have looked. Which categories there are is checked where it is stored. What is left out means: no time limit,
any number of attempts, passed when it pays, options in their order, open at once and without end, paid at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from points.earning.periods import PERIODS
from points.earning.reading import Refused, choice, whole
from points.earning.sentences import Sentence
from points.quizzes.questions import (
    QuestionDocument,
    Wording,
    code_of,
    in_locale,
    members_of,
    read_question,
    wording_of,
)

MAX_QUESTIONS = 50
MAX_DRAWS = 10
MAX_SECONDS = 4 * 3600
RULE_KEYS = ("time_limit_seconds", "attempts", "pass_percent", "shuffle", "opens_at", "closes_at", "hold_results")
"""Members that say how a quiz is taken; they may be changed while it runs."""
__all__ = ["MAX_QUESTIONS", "QuizDocument", "QuizInvalid", "QuizRules", "in_locale", "read_quiz"]


class QuizInvalid(ValueError):
    """A quiz document is refused; ``path`` names the bad part, ``reason`` says why."""

    def __init__(self, path: str, reason: Sentence) -> None:
        super().__init__(f"{path}: {reason}")
        self.path, self.reason = path, reason


@dataclass(frozen=True, slots=True)
class QuizRules:
    """How a quiz is taken. ``attempts``: how many in each ``attempts_period``, None: any number.

    ``pass_percent`` None: passed when the result pays. Times are aware and in UTC.
    """

    time_limit_seconds: int | None = None
    attempts: int | None = None
    attempts_period: str | None = None
    pass_percent: int | None = None
    shuffle: bool = False
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    hold_results: bool = False


@dataclass(frozen=True, slots=True)
class QuizDocument:
    """A quiz ready to be stored: with questions of its own, or with what it draws: category and number."""

    code: str
    category: str
    title: Wording
    summary: Wording
    questions: tuple[QuestionDocument, ...]
    draws: tuple[tuple[str, int], ...]
    rules: QuizRules


def read_quiz(document: Any) -> QuizDocument:
    """Read a quiz document. Raises QuizInvalid for the first bad part."""
    try:
        return _read_quiz(document)
    except Refused as refused:
        raise QuizInvalid(refused.path, refused.reason) from None


def read_rules(body: dict[str, Any]) -> QuizRules:
    """Read the members that say how a quiz is taken. Raises QuizInvalid for the first bad part."""
    try:
        return _rules(body)
    except Refused as refused:
        raise QuizInvalid(refused.path, refused.reason) from None


def _read_quiz(document: Any) -> QuizDocument:
    required = ("code", "category", "title", "summary")
    body = members_of(document, "quiz", required, ("questions", "draw", *RULE_KEYS))
    questions, draws = _questions(body)
    return QuizDocument(
        code_of(body["code"], "code"),
        code_of(body["category"], "category"),
        wording_of(body["title"], "title"),
        wording_of(body["summary"], "summary"),
        questions,
        draws,
        _rules(body),
    )


def read_draws(value: Any) -> tuple[tuple[str, int], ...]:
    """Read what a quiz draws: category and number of each. Raises QuizInvalid for the first bad part."""
    try:
        return _draws(value)
    except Refused as refused:
        raise QuizInvalid(refused.path, refused.reason) from None


def _draws(value: Any) -> tuple[tuple[str, int], ...]:
    listed = value if isinstance(value, list) else [value]
    if not 1 <= len(listed) <= MAX_DRAWS:
        raise Refused("draw", "must be a list of 1 to %(most)s", most=MAX_DRAWS)
    read: list[tuple[str, int]] = []
    for index, one in enumerate(listed):
        path = f"draw.{index}" if isinstance(value, list) else "draw"
        body = members_of(one, path, ("category", "count"))
        category = code_of(body["category"], f"{path}.category")
        if category in (known for known, _count in read):
            raise Refused(f"{path}.category", "stands here twice")
        left = MAX_QUESTIONS - sum(count for _category, count in read)
        read.append((category, whole(body["count"], f"{path}.count", 1, max(1, left))))
    if sum(count for _category, count in read) > MAX_QUESTIONS:
        raise Refused("draw", "must be at most %(most)s questions together", most=MAX_QUESTIONS)
    return tuple(read)


def _questions(body: dict[str, Any]) -> tuple[tuple[QuestionDocument, ...], tuple[tuple[str, int], ...]]:
    if ("questions" in body) == ("draw" in body):
        raise Refused("questions", "a quiz has either questions or a draw")
    if "draw" in body:
        return (), _draws(body["draw"])
    questions = body["questions"]
    if not isinstance(questions, list) or not 1 <= len(questions) <= MAX_QUESTIONS:
        raise Refused("questions", "must be a list of 1 to %(most)s", most=MAX_QUESTIONS)
    read = tuple(read_question(question, f"questions.{index}") for index, question in enumerate(questions))
    return read, ()


def _rules(body: dict[str, Any]) -> QuizRules:
    limit, passing, shuffle = body.get("time_limit_seconds"), body.get("pass_percent"), body.get("shuffle", False)
    count = period = None
    if body.get("attempts") is not None:
        attempts = members_of(body["attempts"], "attempts", ("count", "period"))
        count = whole(attempts["count"], "attempts.count", 1, 100)
        period = choice(attempts["period"], "attempts.period", PERIODS)
    hold = body.get("hold_results", False)
    for name, flag in (("shuffle", shuffle), ("hold_results", hold)):
        if type(flag) is not bool:
            raise Refused(name, "must be true or false")
    opens_at, closes_at = _moment(body.get("opens_at"), "opens_at"), _moment(body.get("closes_at"), "closes_at")
    if opens_at is not None and closes_at is not None and closes_at <= opens_at:
        raise Refused("closes_at", "must be after opens_at")
    return QuizRules(
        None if limit is None else whole(limit, "time_limit_seconds", 10, MAX_SECONDS),
        count,
        period,
        None if passing is None else whole(passing, "pass_percent", 1, 100),
        shuffle,
        opens_at,
        closes_at,
        hold,
    )


def _moment(value: Any, path: str) -> datetime | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise Refused(path, "must be a moment with an offset: 2026-12-01T08:00:00+08:00") from None
    if moment.tzinfo is None:
        raise Refused(path, "must be a moment with an offset: 2026-12-01T08:00:00+08:00")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise Refused(path, "must be a moment with an offset: 2026-12-01T08:00:00+08:00") from None
