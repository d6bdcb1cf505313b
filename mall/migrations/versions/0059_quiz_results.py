"""Results of quizzes: held until somebody has looked, released in batches, and counted as they come in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mall.db import IdText
from mall.migrations.grants import grant

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None

TIMED = sa.DateTime(timezone=True)
WAITING = sa.text("review = 'waiting'")
DECIDED = (("decided_by", IdText), ("decided_at", TIMED), ("decision_reason", sa.Text))
PASSED_BEFORE = """UPDATE quiz_attempts a SET passed = a.score * 100 / a.max_score >= coalesce(q.pass_percent, 60)
 FROM quizzes q WHERE q.id = a.quiz_id AND a.submitted_at IS NOT NULL"""


def upgrade() -> None:
    op.add_column("quiz_attempts", sa.Column("passed", sa.Boolean))
    op.execute(PASSED_BEFORE)
    op.add_column("quiz_attempts", sa.Column("review", sa.Text))
    for name, kind in DECIDED:
        op.add_column("quiz_attempts", sa.Column(name, kind))
    op.create_check_constraint("review", "quiz_attempts", "review IN ('waiting', 'confirmed', 'void')")
    op.create_index("ix_quiz_attempts_quiz_id", "quiz_attempts", ["quiz_id", "id"])
    op.create_index("ix_quiz_attempts_submitted", "quiz_attempts", ["quiz_id", "submitted_at"])
    op.create_index(
        "uq_quiz_attempts_waiting", "quiz_attempts", ["member_id", "quiz_id"], unique=True, postgresql_where=WAITING
    )
    op.create_index("ix_quiz_attempts_waiting", "quiz_attempts", ["quiz_id", "id"], postgresql_where=WAITING)
    op.create_table(
        "quiz_figures",
        sa.Column("quiz_id", IdText, sa.ForeignKey("quizzes.id"), primary_key=True),
        sa.Column("submitted", sa.BigInteger, nullable=False),
        sa.Column("passed", sa.BigInteger, nullable=False),
        sa.Column("flagged", sa.BigInteger, nullable=False),
        sa.Column("points", sa.BigInteger, nullable=False),
        sa.Column("counted_until", TIMED, nullable=False),
    )
    op.create_table(
        "quiz_question_figures",
        sa.Column("question_id", IdText, sa.ForeignKey("quiz_questions.id"), primary_key=True),
        sa.Column("quiz_id", IdText, sa.ForeignKey("quizzes.id"), primary_key=True),
        sa.Column("shown", sa.BigInteger, nullable=False),
        sa.Column("answered", sa.BigInteger, nullable=False),
        sa.Column("correct", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "quiz_releases",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("quiz_id", IdText, sa.ForeignKey("quizzes.id"), nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("flagged_too", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("asked_by", IdText, nullable=False),
        sa.Column("asked_at", TIMED, nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("after_id", IdText, nullable=False),
        sa.Column("finished_at", TIMED),
        sa.CheckConstraint("action IN ('confirm', 'void')", name="action"),
    )
    open_ones = sa.text("finished_at IS NULL")
    op.create_index("uq_quiz_releases_open", "quiz_releases", ["quiz_id"], unique=True, postgresql_where=open_ones)
    op.create_index("ix_quiz_releases_quiz_id", "quiz_releases", ["quiz_id", "id"])
    # Members' answers are graded by the login that earns; the worker counts them with the back office's.
    grant(op, "quiz_figures", EARNING="SELECT, UPDATE", BACKOFFICE="SELECT, INSERT, UPDATE")
    grant(op, "quiz_question_figures", BACKOFFICE="SELECT, INSERT, UPDATE")
    grant(op, "quiz_releases", EARNING="SELECT, INSERT, UPDATE", BACKOFFICE="SELECT")


def downgrade() -> None:
    for name in ("quiz_releases", "quiz_question_figures", "quiz_figures"):
        op.drop_table(name)
    for name in (
        "ix_quiz_attempts_waiting", "uq_quiz_attempts_waiting", "ix_quiz_attempts_submitted",
        "ix_quiz_attempts_quiz_id",
    ):  # fmt: skip
        op.drop_index(name)
    op.drop_constraint(op.f("ck_quiz_attempts_review"), "quiz_attempts")
    for name in ("decision_reason", "decided_at", "decided_by", "review", "passed"):
        op.drop_column("quiz_attempts", name)
