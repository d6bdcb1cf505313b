"""What staff can take back, for ten minutes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from mall.db import IdText
from mall.migrations.grants import grant

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "undo_steps",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("deed", sa.Text, nullable=False),
        sa.Column("detail", JSONB, nullable=False),
        sa.Column("back", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True)),
    )
    op.create_index("ix_undo_steps_at", "undo_steps", ["at"])
    grant(op, "undo_steps", BACKOFFICE="SELECT, INSERT, UPDATE, DELETE")


def downgrade() -> None:
    op.drop_table("undo_steps")
