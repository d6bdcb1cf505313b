"""Badges: who has earned which, and figures that orders count for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mall.db import IdText
from mall.migrations.grants import grant

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

TIMED = sa.DateTime(timezone=True)
COUNT_ORDERS = """INSERT INTO badge_figures (member_id, fact, value, updated_at)
 SELECT member_id, CASE kind WHEN 'donation' THEN 'donations' ELSE 'redemptions' END, count(*), now() FROM orders
 WHERE status IN ('issued', 'completed') AND kind <> 'draw' GROUP BY 1, 2"""


def upgrade() -> None:
    op.create_table(
        "member_badges",
        sa.Column("member_id", IdText, primary_key=True),
        sa.Column("code", IdText, primary_key=True),
        sa.Column("earned_at", TIMED, nullable=False),
        schema="sources",
    )
    op.create_table(
        "badge_figures",
        sa.Column("member_id", IdText, primary_key=True),
        sa.Column("fact", IdText, primary_key=True),
        sa.Column("value", sa.BigInteger, nullable=False),
        sa.Column("updated_at", TIMED, nullable=False),
    )
    op.create_index("ix_badge_figures_updated_at", "badge_figures", ["updated_at"])
    op.execute(COUNT_ORDERS)
    grant(op, "sources.member_badges", EARNING="SELECT, INSERT")
    grant(op, "badge_figures", EARNING="SELECT", BACKOFFICE="SELECT, INSERT, UPDATE")


def downgrade() -> None:
    op.drop_table("badge_figures")
    op.drop_table("member_badges", schema="sources")
