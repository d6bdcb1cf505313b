"""A desk for quizzes: drafts, drawing from several categories, categories that staff keep, versions for two editors."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from mall.db import IdText
from mall.migrations.grants import grant

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None

TIMED = sa.DateTime(timezone=True)
CATEGORIES = (
    ("law", {"zh": "法律", "en": "Law"}),
    ("fraud", {"zh": "防骗", "en": "Fraud prevention"}),
    ("safety", {"zh": "安全", "en": "Safety"}),
)


def upgrade() -> None:
    categories = op.create_table(
        "quiz_categories",
        sa.Column("code", IdText, primary_key=True),
        sa.Column("name", JSONB, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
    )
    assert categories is not None
    op.bulk_insert(
        categories,
        [{"code": code, "name": name, "position": place} for place, (code, name) in enumerate(CATEGORIES, start=1)],
    )
    op.add_column("quizzes", sa.Column("draws", JSONB, nullable=False, server_default=sa.text("'[]'")))
    op.execute(
        "UPDATE quizzes SET draws = jsonb_build_array("
        " jsonb_build_object('category', draw_category, 'count', draw_count)) WHERE draw_count IS NOT NULL"
    )
    op.drop_constraint(op.f("ck_quizzes_draw"), "quizzes")
    for name in ("draw_category", "draw_count"):
        op.drop_column("quizzes", name)
    op.add_column("quizzes", sa.Column("hold_results", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("quizzes", sa.Column("version", sa.Integer, nullable=False, server_default="1"))
    op.add_column("quizzes", sa.Column("published_at", TIMED))
    op.execute("UPDATE quizzes SET published_at = created_at")
    op.add_column("quiz_questions", sa.Column("version", sa.Integer, nullable=False, server_default="1"))
    op.add_column("quiz_questions", sa.Column("superseded", sa.Boolean, nullable=False, server_default=sa.false()))
    grant(op, "quiz_categories", EARNING="SELECT", BACKOFFICE="SELECT, INSERT, UPDATE, DELETE")


def downgrade() -> None:
    # What only this version knows goes: drafts, and all but the first category that a quiz draws from.
    op.execute("DELETE FROM quiz_questions WHERE quiz_id IN (SELECT id FROM quizzes WHERE published_at IS NULL)")
    op.execute("DELETE FROM quizzes WHERE published_at IS NULL")
    for name in ("superseded", "version"):
        op.drop_column("quiz_questions", name)
    for name in ("published_at", "version", "hold_results"):
        op.drop_column("quizzes", name)
    op.add_column("quizzes", sa.Column("draw_category", sa.Text))
    op.add_column("quizzes", sa.Column("draw_count", sa.Integer))
    op.execute(
        "UPDATE quizzes SET draw_category = draws -> 0 ->> 'category', draw_count = (draws -> 0 ->> 'count')::integer"
    )
    op.create_check_constraint("draw", "quizzes", "(draw_count IS NULL) = (draw_category IS NULL)")
    op.drop_column("quizzes", "draws")
    op.drop_table("quiz_categories")
