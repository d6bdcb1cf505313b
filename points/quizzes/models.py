"""Tables of quizzes. Which option is right is in ``quiz_questions`` and leaves the server only after submission."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer, Text, false, text, true
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from mall.db import Base, IdText


class Quiz(Base):
    """A quiz. ``code`` names it for imports; texts are ``{"zh": …, "en": …}``.

    With ``draw_count`` each attempt draws that many questions of ``draw_category`` from the bank; without, its
    questions are its own. ``attempts_limit`` in each ``attempts_period`` (points.earning.periods), None: any number.
    ``retired_at``: staff took it off the list; attempts stay.
    """

    __tablename__ = "quizzes"
    __table_args__ = (
        CheckConstraint("(draw_count IS NULL) = (draw_category IS NULL)", name="draw"),
        CheckConstraint("(attempts_limit IS NULL) = (attempts_period IS NULL)", name="attempts"),
    )

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    code: Mapped[str] = mapped_column(IdText, unique=True)
    category: Mapped[str] = mapped_column(Text)
    title: Mapped[dict[str, str]] = mapped_column(JSONB)
    summary: Mapped[dict[str, str]] = mapped_column(JSONB)
    draw_category: Mapped[str | None] = mapped_column(Text)
    draw_count: Mapped[int | None] = mapped_column(Integer)
    time_limit_seconds: Mapped[int | None] = mapped_column(Integer)
    attempts_limit: Mapped[int | None] = mapped_column(Integer)
    attempts_period: Mapped[str | None] = mapped_column(Text)
    pass_percent: Mapped[int | None] = mapped_column(Integer)
    shuffle: Mapped[bool] = mapped_column(Boolean, server_default=false())
    opens_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class QuizQuestion(Base):
    """A question of a quiz, or of the bank (``quiz_id`` NULL, with ``code`` and ``category``).

    ``options``: ``[{"id": "a", "text": {"zh": …, "en": …}}, …]``. ``answer``: the letters of the right options.
    """

    __tablename__ = "quiz_questions"
    __table_args__ = (
        CheckConstraint("kind IN ('single', 'multiple', 'true_false')", name="kind"),
        CheckConstraint("(quiz_id IS NULL) = (code IS NOT NULL AND category IS NOT NULL)", name="quiz_or_bank"),
        Index("ix_quiz_questions_quiz_id_position", "quiz_id", "position", unique=True),
        Index("ix_quiz_questions_bank", "category", "id", postgresql_where=text("quiz_id IS NULL AND active")),
    )

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    quiz_id: Mapped[str | None] = mapped_column(IdText, ForeignKey("quizzes.id"))
    position: Mapped[int] = mapped_column(Integer)
    code: Mapped[str | None] = mapped_column(IdText, unique=True)
    category: Mapped[str | None] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(Boolean, server_default=true())
    kind: Mapped[str] = mapped_column(Text, server_default="single")
    text: Mapped[dict[str, str]] = mapped_column(JSONB)
    options: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    answer: Mapped[str] = mapped_column(Text)
    explanation: Mapped[dict[str, str]] = mapped_column(JSONB)


class QuizAttempt(Base):
    """One member's attempt at the questions it was given; graded once, when ``submitted_at`` is set.

    ``due_at``: until when it may be handed in. ``flag``: what staff should look at (points.quizzes.taking).
    """

    __tablename__ = "quiz_attempts"
    __table_args__ = (
        CheckConstraint("(submitted_at IS NULL) = (score IS NULL)", name="graded_when_submitted"),
        CheckConstraint("score BETWEEN 0 AND max_score", name="score_in_range"),
        Index("ix_quiz_attempts_member_id_quiz_id", "member_id", "quiz_id"),
        Index("ix_quiz_attempts_flagged", "quiz_id", "id", postgresql_where=text("flag IS NOT NULL")),
    )

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    member_id: Mapped[str] = mapped_column(IdText)
    quiz_id: Mapped[str] = mapped_column(IdText, ForeignKey("quizzes.id"))
    question_ids: Mapped[list[str]] = mapped_column(ARRAY(IdText))
    started_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    submitted_at: Mapped[datetime | None]
    answers: Mapped[dict[str, str] | None] = mapped_column(JSONB(none_as_null=True))
    score: Mapped[int | None] = mapped_column(Integer)
    max_score: Mapped[int] = mapped_column(Integer)
    points: Mapped[int | None] = mapped_column(Integer)
    """What this attempt changed: the best of a member's attempts counts, so a weaker one pays 0."""
    flag: Mapped[str | None] = mapped_column(Text)
