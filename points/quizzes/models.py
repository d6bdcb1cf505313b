"""Tables of quizzes. Which option is right is in ``quiz_questions`` and leaves the server only after submission."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from mall.db import Base, IdText


class Quiz(Base):
    """A quiz. ``code`` names it for imports; texts are ``{"zh": …, "en": …}``."""

    __tablename__ = "quizzes"

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    code: Mapped[str] = mapped_column(IdText, unique=True)
    category: Mapped[str] = mapped_column(Text)
    title: Mapped[dict[str, str]] = mapped_column(JSONB)
    summary: Mapped[dict[str, str]] = mapped_column(JSONB)
    created_at: Mapped[datetime]


class QuizQuestion(Base):
    """A single-choice question. ``options``: ``[{"id": "a", "text": {"zh": …, "en": …}}, …]``."""

    __tablename__ = "quiz_questions"
    __table_args__ = (Index("ix_quiz_questions_quiz_id_position", "quiz_id", "position", unique=True),)

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    quiz_id: Mapped[str] = mapped_column(IdText, ForeignKey("quizzes.id"))
    position: Mapped[int] = mapped_column(Integer)
    text: Mapped[dict[str, str]] = mapped_column(JSONB)
    options: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    answer: Mapped[str] = mapped_column(Text)
    explanation: Mapped[dict[str, str]] = mapped_column(JSONB)


class QuizAttempt(Base):
    """One member's attempt at the questions it was given; graded once, when ``submitted_at`` is set."""

    __tablename__ = "quiz_attempts"
    __table_args__ = (
        CheckConstraint("(submitted_at IS NULL) = (score IS NULL)", name="graded_when_submitted"),
        CheckConstraint("score BETWEEN 0 AND max_score", name="score_in_range"),
        Index("ix_quiz_attempts_member_id_quiz_id", "member_id", "quiz_id"),
    )

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    member_id: Mapped[str] = mapped_column(IdText)
    quiz_id: Mapped[str] = mapped_column(IdText, ForeignKey("quizzes.id"))
    question_ids: Mapped[list[str]] = mapped_column(ARRAY(IdText))
    started_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    answers: Mapped[dict[str, str] | None] = mapped_column(JSONB(none_as_null=True))
    score: Mapped[int | None] = mapped_column(Integer)
    max_score: Mapped[int] = mapped_column(Integer)
    points: Mapped[int | None] = mapped_column(Integer)
    """What this attempt changed: the best of a member's attempts counts, so a weaker one pays 0."""
