"""Commendations of members."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from mall.db import IdText
from mall.migrations.grants import grant

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

TIMED = sa.DateTime(timezone=True)
PUBLIC = sa.text("state = 'public'")


def upgrade() -> None:
    op.create_table(
        "commendations",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("member_id", IdText, nullable=False),
        sa.Column("words", JSONB, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("created_by", IdText, nullable=False),
        sa.Column("created_at", TIMED, nullable=False),
        sa.Column("answered_at", TIMED),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="fk_commendations_member_id"),
        sa.CheckConstraint("state IN ('offered', 'public', 'declined', 'withdrawn', 'retracted')", name="state"),
        sa.CheckConstraint("(state <> 'offered') OR answered_at IS NULL", name="answered"),
    )
    op.create_index("ix_commendations_member_id", "commendations", ["member_id"])
    op.create_index("ix_commendations_public", "commendations", ["id"], postgresql_where=PUBLIC)
    grant(
        op, "commendations", EARNING="SELECT, UPDATE (state, answered_at)", REDEMPTION="SELECT, DELETE",
        BACKOFFICE="SELECT, INSERT, UPDATE",
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("commendations")
