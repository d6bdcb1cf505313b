"""Badges of many members: how far the daily look at everybody has come (``points.badges.rounds``), and how many hold
each badge as last counted, many from the first moment on (``points.badges.holders``)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mall.db import IdText
from mall.migrations.grants import grant

revision = "0071"
down_revision = "0070"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "badge_round",
        sa.Column("id", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("after", IdText),
        sa.CheckConstraint("id = 1", name="one_row"),
    )
    grant(op, "badge_round", EARNING="SELECT, INSERT, UPDATE")
    op.create_table(
        "badge_holders",
        sa.Column("code", IdText, primary_key=True),
        sa.Column("members", sa.BigInteger, nullable=False),
        schema="sources",
    )
    grant(op, "sources.badge_holders", EARNING="SELECT, INSERT, UPDATE")
    op.execute(
        "INSERT INTO sources.badge_holders (code, members) SELECT code, count(*) FROM sources.member_badges GROUP BY 1"
    )


def downgrade() -> None:
    op.drop_table("badge_holders", schema="sources")
    op.drop_table("badge_round")
