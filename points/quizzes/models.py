"""Tables of quizzes. Which option is right is in ``quiz_questions`` and leaves the server only after submission."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, CheckConstraint, ForeignKey, Index, Integer, Text, false, text, true
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from mall.db import Base, IdText

_WAITING = text("review = 'waiting'")


class Quiz(Base):
    """A quiz. ``code`` names it for imports; texts are ``{"zh": …, "en": …}``.

    ``draws``: ``[{"category": …, "count": …}, …]``, what each attempt draws from the bank; empty: its questions are
    its own. ``attempts_limit`` in each ``attempts_period`` (points.earning.periods), None: any number.
    ``published_at`` None: a draft, which no member sees. ``retired_at``: staff took it off the list; attempts stay.
    ``hold_results``: points wait until staff have looked. ``version``: counts its changes, so that of two editors
    the second is told.
    """

    __tablename__ = "quizzes"
    __table_args__ = (CheckConstraint("(attempts_limit IS NULL) = (attempts_period IS NULL)", name="attempts"),)

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    code: Mapped[str] = mapped_column(IdText, unique=True)
    category: Mapped[str] = mapped_column(Text)
    title: Mapped[dict[str, str]] = mapped_column(JSONB)
    summary: Mapped[dict[str, str]] = mapped_column(JSONB)
    draws: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
    time_limit_seconds: Mapped[int | None] = mapped_column(Integer)
    attempts_limit: Mapped[int | None] = mapped_column(Integer)
    attempts_period: Mapped[str | None] = mapped_column(Text)
    pass_percent: Mapped[int | None] = mapped_column(Integer)
    shuffle: Mapped[bool] = mapped_column(Boolean, server_default=false())
    opens_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    hold_results: Mapped[bool] = mapped_column(Boolean, server_default=false())
    version: Mapped[int] = mapped_column(Integer, server_default="1")

    @property
    def draw_count(self) -> int:
        """How many questions an attempt draws from the bank; 0 when its questions are its own."""
        return sum(int(draw["count"]) for draw in self.draws)


class QuizCategory(Base):
    """What questions are about: ``name`` is ``{"zh": …, "en": …}``. Lists show them by ``position``."""

    __tablename__ = "quiz_categories"

    code: Mapped[str] = mapped_column(IdText, primary_key=True)
    name: Mapped[dict[str, str]] = mapped_column(JSONB)
    position: Mapped[int] = mapped_column(Integer)
    version: Mapped[int] = mapped_column(Integer, server_default="1")


class QuizQuestion(Base):
    """A question of a quiz, or of the bank (``quiz_id`` NULL, with ``code`` and ``category``).

    ``options``: ``[{"id": "a", "text": {"zh": …, "en": …}}, …]``. ``answer``: the letters of the right options.
    ``superseded``: attempts were given it as it was before its options or answer changed; they keep it, the bank
    has another.
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
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    superseded: Mapped[bool] = mapped_column(Boolean, server_default=false())


class QuizAttempt(Base):
    """One member's attempt at the questions it was given; graded once, when ``submitted_at`` is set.

    ``due_at``: until when it may be handed in. ``flag``: what staff should look at (points.quizzes.taking).
    ``review``: ``waiting`` while its points are held, then ``confirmed`` or ``void``; None: paid at once, or nothing.
    At most one of a member's attempts at a quiz waits.
    """

    __tablename__ = "quiz_attempts"
    __table_args__ = (
        CheckConstraint("(submitted_at IS NULL) = (score IS NULL)", name="graded_when_submitted"),
        CheckConstraint("score BETWEEN 0 AND max_score", name="score_in_range"),
        Index("ix_quiz_attempts_member_id_quiz_id", "member_id", "quiz_id"),
        Index("ix_quiz_attempts_flagged", "quiz_id", "id", postgresql_where=text("flag IS NOT NULL")),
        CheckConstraint("review IN ('waiting', 'confirmed', 'void')", name="review"),
        Index("ix_quiz_attempts_quiz_id", "quiz_id", "id"),
        Index("ix_quiz_attempts_submitted", "quiz_id", "submitted_at"),
        Index("uq_quiz_attempts_waiting", "member_id", "quiz_id", unique=True, postgresql_where=_WAITING),
        Index("ix_quiz_attempts_waiting", "quiz_id", "id", postgresql_where=_WAITING),
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
    passed: Mapped[bool | None]
    review: Mapped[str | None] = mapped_column(Text)
    decided_by: Mapped[str | None] = mapped_column(IdText)
    decided_at: Mapped[datetime | None]
    decision_reason: Mapped[str | None] = mapped_column(Text)


class QuizFigures(Base):
    """What the attempts at a quiz came to, those handed in up to ``counted_until``; a job goes on from there."""

    __tablename__ = "quiz_figures"

    quiz_id: Mapped[str] = mapped_column(IdText, ForeignKey("quizzes.id"), primary_key=True)
    submitted: Mapped[int] = mapped_column(BigInteger)
    passed: Mapped[int] = mapped_column(BigInteger)
    flagged: Mapped[int] = mapped_column(BigInteger)
    points: Mapped[int] = mapped_column(BigInteger)
    """Paid or waiting, less what was made void."""
    counted_until: Mapped[datetime]


class QuizQuestionFigures(Base):
    """How often a question was shown in a quiz, answered, and answered right, up to the quiz's ``counted_until``."""

    __tablename__ = "quiz_question_figures"

    question_id: Mapped[str] = mapped_column(IdText, ForeignKey("quiz_questions.id"), primary_key=True)
    quiz_id: Mapped[str] = mapped_column(IdText, ForeignKey("quizzes.id"), primary_key=True)
    shown: Mapped[int] = mapped_column(BigInteger)
    answered: Mapped[int] = mapped_column(BigInteger)
    correct: Mapped[int] = mapped_column(BigInteger)


class QuizRelease(Base):
    """Many results that wait, decided on together: a job goes through them in batches, from after ``after_id`` on.

    ``flagged_too`` False: those with a flag stay. ``total``: how many waited when it was asked for.
    """

    __tablename__ = "quiz_releases"
    __table_args__ = (
        CheckConstraint("action IN ('confirm', 'void')", name="action"),
        Index("uq_quiz_releases_open", "quiz_id", unique=True, postgresql_where=text("finished_at IS NULL")),
        Index("ix_quiz_releases_quiz_id", "quiz_id", "id"),
    )

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    quiz_id: Mapped[str] = mapped_column(IdText, ForeignKey("quizzes.id"))
    action: Mapped[str] = mapped_column(Text)
    flagged_too: Mapped[bool]
    reason: Mapped[str] = mapped_column(Text)
    asked_by: Mapped[str] = mapped_column(IdText)
    asked_at: Mapped[datetime]
    total: Mapped[int] = mapped_column(Integer)
    done: Mapped[int] = mapped_column(Integer)
    after_id: Mapped[str] = mapped_column(IdText)
    finished_at: Mapped[datetime | None]
