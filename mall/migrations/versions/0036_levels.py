"""Levels as staff set them, and each member's level as last told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from mall.db import IdText
from mall.migrations.grants import grant

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

TIMED = sa.DateTime(timezone=True)
# Who stands where is known: nobody is congratulated on what was reached long ago.
SEED = """INSERT INTO member_levels (member_id, level, changed_at)
 SELECT member_id, (public_points >= 100)::int + (public_points >= 500)::int + (public_points >= 2000)::int
 + (public_points >= 5000)::int + 1, now() FROM standings WHERE public_points >= 100"""


def upgrade() -> None:
    op.create_table(
        "level_settings",
        sa.Column("id", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("steps", JSONB, nullable=False),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("window_months", sa.Integer),
        sa.Column("warn_days", sa.Integer),
        sa.Column("updated_by", IdText, nullable=False),
        sa.Column("updated_at", TIMED, nullable=False),
        sa.CheckConstraint("id = 1", name="one_row"),
        sa.CheckConstraint("policy IN ('never', 'rolling')", name="policy"),
        sa.CheckConstraint(
            "(policy = 'rolling') = (window_months IS NOT NULL) AND (policy = 'rolling') = (warn_days IS NOT NULL)",
            name="window",
        ),
        sa.CheckConstraint("jsonb_array_length(steps) = 5", name="five_steps"),
    )
    op.create_table(
        "member_levels",
        sa.Column("member_id", IdText, primary_key=True),
        sa.Column("level", sa.SmallInteger, nullable=False),
        sa.Column("rolled_off_points", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.Column("falls_on", sa.Date),
        sa.Column("changed_at", TIMED, nullable=False),
        sa.CheckConstraint("level BETWEEN 1 AND 5", name="level"),
    )
    op.execute(SEED)
    grant(op, "level_settings", EARNING="SELECT", REDEMPTION="SELECT", BACKOFFICE="SELECT, INSERT, UPDATE")
    grant(op, "member_levels", EARNING="SELECT, INSERT, UPDATE", REDEMPTION="SELECT", BACKOFFICE="SELECT")


def downgrade() -> None:
    op.drop_table("member_levels")
    op.drop_table("level_settings")
