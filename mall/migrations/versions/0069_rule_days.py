"""What each rule granted by day, for the chart of where points come from; beside the sources, for who may read them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mall.db import IdText
from mall.migrations.grants import grant

revision = "0069"
down_revision = "0068"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rule_days",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("rule_key", IdText, primary_key=True),
        sa.Column("points", sa.BigInteger, nullable=False),
        sa.Column("members", sa.Integer, nullable=False),
        schema="sources",
    )
    grant(op, "sources.rule_days", EARNING="SELECT, INSERT, UPDATE")


def downgrade() -> None:
    op.drop_table("rule_days", schema="sources")
