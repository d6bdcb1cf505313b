"""Reports that were made are kept as they are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from mall.db import IdText
from mall.migrations.grants import append_only, grant

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

TABLE = "kept_reports"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", IdText, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("first_day", sa.Date, nullable=False),
        sa.Column("last_day", sa.Date, nullable=False),
        sa.Column("figures", JSONB, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('daily', 'weekly', 'monthly')", name="kind"),
        sa.CheckConstraint("first_day <= last_day", name="days"),
    )
    op.create_index("ix_kept_reports_last_day", TABLE, ["last_day", "id"])
    append_only(op, TABLE)
    grant(op, TABLE, BACKOFFICE="SELECT, INSERT")


def downgrade() -> None:
    op.drop_table(TABLE)
