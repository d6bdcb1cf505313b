"""A bank of questions of three kinds; quizzes that draw from it, with time limits, attempts and a schedule."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mall.db import IdText

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TIMED = sa.DateTime(timezone=True)
QUIZ = (
    ("draw_category", sa.Text), ("draw_count", sa.Integer), ("time_limit_seconds", sa.Integer),
    ("attempts_limit", sa.Integer), ("attempts_period", sa.Text), ("pass_percent", sa.Integer),
    ("opens_at", TIMED), ("closes_at", TIMED), ("retired_at", TIMED),
)  # fmt: skip


def upgrade() -> None:
    for name, kind in QUIZ:
        op.add_column("quizzes", sa.Column(name, kind))
    op.add_column("quizzes", sa.Column("shuffle", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_check_constraint("draw", "quizzes", "(draw_count IS NULL) = (draw_category IS NULL)")
    op.create_check_constraint("attempts", "quizzes", "(attempts_limit IS NULL) = (attempts_period IS NULL)")
    op.alter_column("quiz_questions", "quiz_id", nullable=True)
    op.add_column("quiz_questions", sa.Column("code", IdText))
    op.add_column("quiz_questions", sa.Column("category", sa.Text))
    op.add_column("quiz_questions", sa.Column("active", sa.Boolean, nullable=False, server_default=sa.true()))
    op.add_column("quiz_questions", sa.Column("kind", sa.Text, nullable=False, server_default="single"))
    op.create_unique_constraint("uq_quiz_questions_code", "quiz_questions", ["code"])
    op.create_check_constraint("kind", "quiz_questions", "kind IN ('single', 'multiple', 'true_false')")
    op.create_check_constraint(
        "quiz_or_bank", "quiz_questions", "(quiz_id IS NULL) = (code IS NOT NULL AND category IS NOT NULL)"
    )
    op.create_index(
        "ix_quiz_questions_bank", "quiz_questions", ["category", "id"],
        postgresql_where=sa.text("quiz_id IS NULL AND active"),
    )  # fmt: skip
    op.add_column("quiz_attempts", sa.Column("due_at", TIMED))
    op.add_column("quiz_attempts", sa.Column("flag", sa.Text))
    op.create_index(
        "ix_quiz_attempts_flagged", "quiz_attempts", ["quiz_id", "id"], postgresql_where=sa.text("flag IS NOT NULL")
    )


def downgrade() -> None:
    op.drop_index("ix_quiz_attempts_flagged")
    for name in ("due_at", "flag"):
        op.drop_column("quiz_attempts", name)
    # What only this version knows goes: attempts at drawn questions, quizzes that draw, and the bank.
    op.execute("DELETE FROM quiz_attempts WHERE quiz_id IN (SELECT id FROM quizzes WHERE draw_count IS NOT NULL)")
    op.execute("DELETE FROM quizzes WHERE draw_count IS NOT NULL")
    op.execute("DELETE FROM quiz_questions WHERE quiz_id IS NULL")
    op.drop_index("ix_quiz_questions_bank")
    for table, name in (
        ("quiz_questions", "quiz_or_bank"), ("quiz_questions", "kind"), ("quizzes", "attempts"), ("quizzes", "draw")
    ):  # fmt: skip
        op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
    for name in ("kind", "active", "category", "code"):
        op.drop_column("quiz_questions", name)
    op.alter_column("quiz_questions", "quiz_id", nullable=False)
    for name in ("shuffle", *(name for name, _kind in reversed(QUIZ))):
        op.drop_column("quizzes", name)
