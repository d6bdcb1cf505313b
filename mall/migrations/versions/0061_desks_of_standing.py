"""What staff decide of badges and boards, how often labels are used, which activities members were reminded of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from mall.db import IdText, Login
from mall.migrations.grants import grant, role

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None

TIMED = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "badge_settings",
        sa.Column("code", IdText, primary_key=True),
        sa.Column("title", JSONB),
        sa.Column("condition", JSONB),
        sa.Column("goal", sa.BigInteger),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("updated_by", IdText, nullable=False),
        sa.Column("updated_at", TIMED, nullable=False),
        sa.CheckConstraint("goal > 0", name="goal"),
    )
    op.create_table(
        "board_settings",
        sa.Column("id", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("paused", sa.Boolean, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("updated_by", IdText, nullable=False),
        sa.Column("updated_at", TIMED, nullable=False),
        sa.CheckConstraint("id = 1", name="one_row"),
    )
    op.add_column("participations", sa.Column("reminded_on", sa.Date))
    # Few events are credits by hand; their labels are counted.
    op.create_index(
        "ix_credit_events_credits", "credit_events", ["posted_at"], schema="sources",
        postgresql_where=sa.text("type = 'points.credit'"),
    )  # fmt: skip
    for table in ("badge_settings", "board_settings"):
        grant(op, table, EARNING="SELECT", REDEMPTION="SELECT", BACKOFFICE="SELECT, INSERT, UPDATE")
    grant(op, "participations", BACKOFFICE="UPDATE (reminded_on)")
    grant(op, "members", BACKOFFICE="UPDATE (nickname)")


def downgrade() -> None:
    op.execute(f"REVOKE UPDATE (nickname) ON members FROM {role(Login.BACKOFFICE)}")
    op.drop_index("ix_credit_events_credits", "credit_events", schema="sources")
    op.drop_column("participations", "reminded_on")
    op.drop_table("board_settings")
    op.drop_table("badge_settings")
