"""How many members hold each badge, as last counted; many from the first moment on (``points.badges.holders``)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mall.db import IdText
from mall.migrations.grants import grant

revision = "0081"
down_revision = "0080"
branch_labels = None
depends_on = None


def upgrade() -> None:
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
