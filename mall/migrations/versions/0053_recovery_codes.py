"""Recovery codes of members."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mall.db import IdText
from mall.migrations.grants import grant

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recovery_codes",
        sa.Column("member_id", IdText, primary_key=True),
        sa.Column("code_hash", sa.LargeBinary, primary_key=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="fk_recovery_codes_member_id"),
    )
    grant(op, "recovery_codes", REDEMPTION="SELECT, INSERT, DELETE")


def downgrade() -> None:
    op.drop_table("recovery_codes")
