"""What each rule has minted, added up for each quarter of an hour that is over (``points.earning.rule_costs``)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mall.db import IdText
from mall.migrations.grants import grant

revision = "0070"
down_revision = "0069"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rule_minted",
        sa.Column("slot", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("rule_key", IdText, primary_key=True),
        sa.Column("points", sa.BigInteger, nullable=False),
        schema="sources",
    )
    grant(op, "sources.rule_minted", EARNING="SELECT, INSERT")


def downgrade() -> None:
    op.drop_table("rule_minted", schema="sources")
