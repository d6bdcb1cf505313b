"""Wish lists, and notices of gifts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mall.db import IdText, Login
from mall.migrations.grants import grant, role

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "wishes",
        sa.Column("member_id", IdText, sa.ForeignKey("members.id"), primary_key=True),
        sa.Column("gift_id", IdText, sa.ForeignKey("gifts.id"), primary_key=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("affordable", sa.Boolean, nullable=False),
        sa.Column("in_stock", sa.Boolean, nullable=False),
    )
    op.create_index("ix_wishes_gift_id", "wishes", ["gift_id"])
    op.create_index("ix_wishes_newest", "wishes", ["member_id", "created_at", "gift_id"])
    grant(
        op, "wishes",
        REDEMPTION="SELECT, INSERT, UPDATE (affordable, in_stock), DELETE",
        BACKOFFICE="SELECT, UPDATE (affordable, in_stock)",
    )  # fmt: skip
    op.add_column("notifications", sa.Column("gift_id", IdText, sa.ForeignKey("gifts.id"), nullable=True))
    op.create_index(
        "ix_notifications_unread", "notifications", ["member_id"], postgresql_where=sa.text("read_at IS NULL")
    )
    grant(op, "notifications", EARNING="SELECT (member_id, read_at)")  # every page tells how many are unread


def downgrade() -> None:
    op.execute(f"REVOKE SELECT (member_id, read_at) ON notifications FROM {role(Login.EARNING)}")
    op.drop_index("ix_notifications_unread", "notifications")
    op.drop_column("notifications", "gift_id")
    op.drop_table("wishes")
