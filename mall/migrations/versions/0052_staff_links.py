"""Links that let staff choose a password, once: an invitation, or a reset by a colleague."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mall.db import IdText
from mall.migrations.grants import grant

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

TIMED = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "staff_links",
        sa.Column("token_hash", sa.LargeBinary, primary_key=True),
        sa.Column("staff_id", IdText, nullable=False),
        sa.Column("created_at", TIMED, nullable=False),
        sa.Column("expires_at", TIMED, nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_staff_links_staff_id"),
    )
    op.create_index("ix_staff_links_staff_id", "staff_links", ["staff_id"])
    grant(op, "staff_links", BACKOFFICE="SELECT, INSERT, DELETE")


def downgrade() -> None:
    op.drop_table("staff_links")
