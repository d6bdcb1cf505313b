"""Publishing a quiz from its document."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from mall.errors import Conflict, Invalid
from mall.ids import new_id
from points.quizzes.documents import QuizInvalid, read_quiz
from points.quizzes.models import Quiz, QuizQuestion


def publish_quiz(tx: Session, document: Any, now: datetime) -> Quiz:
    """Store a quiz; members see it at once.

    Raises Invalid naming the bad part of the document, Conflict ``quiz_exists`` when its code is taken: the
    questions of a published quiz do not change under those who took it.
    """
    try:
        read = read_quiz(document)
    except QuizInvalid as error:
        raise Invalid({error.path: [error.reason]}) from error
    if find_quiz(tx, read.code) is not None:
        raise Conflict("quiz_exists")
    quiz = Quiz(
        id=new_id("quiz"),
        code=read.code,
        category=read.category,
        title=read.title,
        summary=read.summary,
        created_at=now,
    )
    tx.add(quiz)
    tx.flush()
    for position, question in enumerate(read.questions, start=1):
        tx.add(
            QuizQuestion(
                id=new_id("qst"),
                quiz_id=quiz.id,
                position=position,
                text=question.text,
                options=[{"id": option_id, "text": text} for option_id, text in question.options],
                answer=question.answer,
                explanation=question.explanation,
            )
        )
    tx.flush()
    return quiz


def find_quiz(tx: Session, code: str) -> Quiz | None:
    """A quiz by its code."""
    return tx.execute(select(Quiz).where(Quiz.code == code)).scalar_one_or_none()
