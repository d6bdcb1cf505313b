"""How far the daily look at everybody's badges has come (``points.badges.rounds``)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mall.db import IdText
from mall.migrations.grants import grant

revision = "0080"
down_revision = "0079"
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


def downgrade() -> None:
    op.drop_table("badge_round")
