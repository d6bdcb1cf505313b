"""Prizes of the month, and who won them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

from mall.db import IdText
from mall.migrations.grants import grant

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

TIMED = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "prize_months",
        sa.Column("month", sa.Date, primary_key=True),
        sa.Column("prizes", ARRAY(sa.BigInteger), nullable=False),
        sa.Column("budget_points", sa.BigInteger, nullable=False),
        sa.Column("grace_days", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("updated_by", IdText, nullable=False),
        sa.Column("updated_at", TIMED, nullable=False),
        sa.Column("closed_at", TIMED),
        sa.Column("paid_points", sa.BigInteger),
        sa.CheckConstraint("extract(day FROM month) = 1", name="first_day"),
        sa.CheckConstraint("(closed_at IS NULL) = (paid_points IS NULL)", name="closed"),
        sa.CheckConstraint("paid_points BETWEEN 0 AND budget_points", name="within_budget"),
    )
    op.create_table(
        "prize_winners",
        sa.Column("month", sa.Date, primary_key=True),
        sa.Column("member_id", IdText, primary_key=True),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("points", sa.BigInteger, nullable=False),
        sa.Column("prize_points", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(["month"], ["prize_months.month"], name="fk_prize_winners_month"),
    )
    grant(op, "prize_months", EARNING="SELECT, UPDATE (closed_at, paid_points)", BACKOFFICE="SELECT, INSERT, UPDATE")
    grant(op, "prize_winners", EARNING="SELECT, INSERT", BACKOFFICE="SELECT")


def downgrade() -> None:
    op.drop_table("prize_winners")
    op.drop_table("prize_months")
