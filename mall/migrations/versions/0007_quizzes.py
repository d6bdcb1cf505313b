"""Quizzes, their questions and attempts; members who chose to be on the boards."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from mall.db import IdText
from mall.migrations.grants import grant

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TIMED = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "quizzes",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("code", IdText, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("title", JSONB, nullable=False),
        sa.Column("summary", JSONB, nullable=False),
        sa.Column("created_at", TIMED, nullable=False),
        sa.UniqueConstraint("code", name="uq_quizzes_code"),
    )
    op.create_table(
        "quiz_questions",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("quiz_id", IdText, sa.ForeignKey("quizzes.id"), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("text", JSONB, nullable=False),
        sa.Column("options", JSONB, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("explanation", JSONB, nullable=False),
    )
    op.create_index("ix_quiz_questions_quiz_id_position", "quiz_questions", ["quiz_id", "position"], unique=True)
    op.create_table(
        "quiz_attempts",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("member_id", IdText, nullable=False),
        sa.Column("quiz_id", IdText, sa.ForeignKey("quizzes.id"), nullable=False),
        sa.Column("question_ids", ARRAY(IdText), nullable=False),
        sa.Column("started_at", TIMED, nullable=False),
        sa.Column("submitted_at", TIMED),
        sa.Column("answers", JSONB(none_as_null=True)),
        sa.Column("score", sa.Integer),
        sa.Column("max_score", sa.Integer, nullable=False),
        sa.Column("points", sa.Integer),
        sa.CheckConstraint("(submitted_at IS NULL) = (score IS NULL)", name="graded_when_submitted"),
        sa.CheckConstraint("score BETWEEN 0 AND max_score", name="score_in_range"),
    )
    op.create_index("ix_quiz_attempts_member_id_quiz_id", "quiz_attempts", ["member_id", "quiz_id"])
    op.create_table(
        "board_members",
        sa.Column("member_id", IdText, primary_key=True),
        sa.Column("opted_in_at", TIMED, nullable=False),
    )
    for name in ("quizzes", "quiz_questions"):
        grant(op, name, EARNING="SELECT", BACKOFFICE="SELECT, INSERT, UPDATE")
    grant(op, "quiz_attempts", EARNING="SELECT, INSERT, UPDATE", BACKOFFICE="SELECT")
    grant(op, "board_members", EARNING="SELECT, INSERT, DELETE", BACKOFFICE="SELECT")


def downgrade() -> None:
    for name in ("board_members", "quiz_attempts", "quiz_questions", "quizzes"):
        op.drop_table(name)
