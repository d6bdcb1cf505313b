"""How many tips of each member count, kept so that previews of segments need not read a year of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mall.db import IdText
from mall.migrations.grants import grant

revision = "0075"
down_revision = "0074"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tip_counts",
        sa.Column("member_id", IdText, primary_key=True),
        sa.Column("judged", sa.Integer, nullable=False),
        sa.Column("adopted", sa.Integer, nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        schema="sources",
    )
    grant(op, "sources.tip_counts", EARNING="SELECT, INSERT, DELETE")


def downgrade() -> None:
    op.drop_table("tip_counts", schema="sources")
