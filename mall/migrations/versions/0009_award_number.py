"""Diminishing returns: which of a member's awards of a rule in the period each award is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "awards", sa.Column("number", sa.Integer(), server_default=sa.text("0"), nullable=False), schema="sources"
    )


def downgrade() -> None:
    op.drop_column("awards", "number", schema="sources")
