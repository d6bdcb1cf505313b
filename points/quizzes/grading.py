"""Pure: grading of answers. An answer is the letters of the options chosen: ``"b"``, ``"acd"``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KeyedQuestion:
    """A question as grading sees it: the ids of its options (one letter each) and the right answer."""

    question_id: str
    options: tuple[str, ...]
    answer: str
    multiple: bool = False
    """Whether more than one option may be chosen; all right ones and no other are asked for."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The mark of one question. ``choice`` None: not answered, which is wrong."""

    question_id: str
    choice: str | None
    correct: bool


@dataclass(frozen=True, slots=True)
class Grade:
    """One point of score for each right answer."""

    score: int
    max_score: int
    marks: tuple[Mark, ...]


class AnswersInvalid(ValueError):
    """Answers name questions or options that the attempt does not have."""

    def __init__(self, unknown_questions: list[str], unknown_options: list[str]) -> None:
        super().__init__(unknown_questions, unknown_options)
        self.unknown_questions = unknown_questions
        """Ids given that are no question of the attempt."""
        self.unknown_options = unknown_options
        """Ids of questions whose choice is no option of theirs, or is several where one is asked for."""


def grade(questions: Sequence[KeyedQuestion], answers: Mapping[str, str]) -> Grade:
    """Mark ``answers`` (question id → letters of the chosen options) against ``questions``.

    Raises AnswersInvalid; nothing is graded when any part of the answers is not understood.
    """
    known = {question.question_id: question for question in questions}
    unknown_questions = [given for given in answers if given not in known]
    unknown_options = [
        question_id
        for question_id, choice in answers.items()
        if question_id in known and not _understood(known[question_id], choice)
    ]
    if unknown_questions or unknown_options:
        raise AnswersInvalid(unknown_questions, unknown_options)
    marks = tuple(_mark(question, answers.get(question.question_id)) for question in questions)
    return Grade(sum(mark.correct for mark in marks), len(questions), marks)


def percent_of(score: int, max_score: int) -> int:
    """A score in whole hundredths of the best possible, cut downwards: 100 only for full marks."""
    return score * 100 // max_score


def _understood(question: KeyedQuestion, choice: str) -> bool:
    letters = set(choice)
    return bool(letters) and len(letters) == len(choice) and letters <= set(question.options) and (
        question.multiple or len(choice) == 1
    )  # fmt: skip


def _mark(question: KeyedQuestion, choice: str | None) -> Mark:
    given = None if choice is None else "".join(sorted(choice))
    return Mark(question.question_id, given, given == question.answer)
