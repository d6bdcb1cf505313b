"""Quizzes as answers show them, in one language."""

from __future__ import annotations

from typing import Any

from points.quizzes.attempts import Graded
from points.quizzes.documents import in_locale
from points.quizzes.models import Quiz, QuizAttempt, QuizQuestion
from points.quizzes.queries import QuizOverview
from points.quizzes.taking import shuffled


def quiz_view(overview: QuizOverview, locale: str) -> dict[str, Any]:
    """A quiz without its questions."""
    quiz = overview.quiz
    best = None
    if overview.best_score is not None:
        best = {
            "score": overview.best_score,
            "max_score": overview.question_count,
            "percent": overview.best_percent,
        }
    return {
        "id": quiz.id,
        "code": quiz.code,
        "category": quiz.category,
        "title": in_locale(quiz.title, locale),
        "summary": in_locale(quiz.summary, locale),
        "question_count": overview.question_count,
        "state": overview.state,
        "opens_at": quiz.opens_at,
        "closes_at": quiz.closes_at,
        "time_limit_seconds": quiz.time_limit_seconds,
        "attempts_left": overview.attempts_left,
        "best": best,
    }


def preview_view(question: QuizQuestion, locale: str) -> dict[str, Any]:
    """A question as staff look at it: the options in their order, with the right ones and why."""
    return {
        "id": question.id,
        "kind": question.kind,
        "text": in_locale(question.text, locale),
        "options": [
            {"text": in_locale(option["text"], locale), "right": option["id"] in question.answer}
            for option in question.options
        ],
        "explanation": in_locale(question.explanation, locale),
    }


def question_view(question: QuizQuestion, quiz: Quiz, attempt: QuizAttempt, locale: str) -> dict[str, Any]:
    """A question without its answer, its options in the order of this attempt."""
    texts = _option_texts(question, locale)
    order = list(texts)
    if quiz.shuffle and question.kind != "true_false":
        order = shuffled(order, attempt.id, question.id)
    return {
        "id": question.id,
        "kind": question.kind,
        "text": in_locale(question.text, locale),
        "options": [{"id": option_id, "text": texts[option_id]} for option_id in order],
    }


def graded_view(graded: Graded, locale: str) -> list[dict[str, Any]]:
    """Mark, right answer and explanation of each question of an attempt that was handed in."""
    explained = {question.id: question for question in graded.questions}
    return [
        {
            "question": mark.question_id,
            "choice": mark.choice,
            "correct": mark.correct,
            "answer": explained[mark.question_id].answer,
            "explanation": in_locale(explained[mark.question_id].explanation, locale),
        }
        for mark in graded.grade.marks
    ]


def result_view(graded: Graded, locale: str) -> list[dict[str, Any]]:
    """The same as the result page shows it: in words."""
    rows = []
    for question, mark in zip(graded.questions, graded.grade.marks, strict=True):
        texts = _option_texts(question, locale)
        rows.append(
            {
                "text": in_locale(question.text, locale),
                "correct": mark.correct,
                "chosen": [texts[letter] for letter in mark.choice or ""],
                "right": [texts[letter] for letter in question.answer],
                "explanation": in_locale(question.explanation, locale),
            }
        )
    return rows


def _option_texts(question: QuizQuestion, locale: str) -> dict[str, str]:
    return {option["id"]: in_locale(option["text"], locale) for option in question.options}
