"""Causes of donations, low pools of codes, notices to staff."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from mall.db import IdText
from mall.migrations.grants import grant

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

TIMED = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "causes",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("code", IdText),
        sa.Column("name", JSONB, nullable=False),
        sa.Column("description", JSONB, nullable=False),
        sa.Column("goal_points", sa.BigInteger),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("created_at", TIMED, nullable=False),
        sa.UniqueConstraint("code", name="uq_causes_code"),
        sa.CheckConstraint("goal_points > 0", name="goal_positive"),
    )
    op.add_column("gifts", sa.Column("cause_id", IdText))
    op.create_foreign_key("fk_gifts_cause_id", "gifts", "causes", ["cause_id"], ["id"])
    op.create_index("ix_gifts_cause_id", "gifts", ["cause_id"])
    op.add_column("gifts", sa.Column("low_pool", sa.Integer))
    op.add_column("orders", sa.Column("cause_id", IdText))
    op.create_index(
        "ix_orders_cause_id_status", "orders", ["cause_id", "status"], postgresql_where=sa.text("cause_id IS NOT NULL")
    )
    op.create_table(
        "staff_notices",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject", IdText, nullable=False),
        sa.Column("detail", JSONB, nullable=False),
        sa.Column("created_at", TIMED, nullable=False),
        sa.Column("resolved_at", TIMED),
    )
    op.create_index(
        "uq_staff_notices_open", "staff_notices", ["kind", "subject"], unique=True,
        postgresql_where=sa.text("resolved_at IS NULL"),
    )  # fmt: skip
    grant(op, "causes", EARNING="SELECT", REDEMPTION="SELECT", BACKOFFICE="SELECT, INSERT, UPDATE")
    grant(op, "staff_notices", BACKOFFICE="SELECT, INSERT, UPDATE")


def downgrade() -> None:
    op.drop_table("staff_notices")
    op.drop_index("ix_orders_cause_id_status", "orders")
    op.drop_column("orders", "cause_id")
    op.drop_column("gifts", "low_pool")
    op.drop_column("gifts", "cause_id")
    op.drop_table("causes")
