"""Which notices members want, and of which points about to expire they were told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

from mall.migrations.grants import grant

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

ID = sa.Text(collation="C")


def upgrade() -> None:
    op.create_table(
        "notice_preferences",
        sa.Column("member_id", ID, nullable=False),
        sa.Column("off", ARRAY(sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_notice_preferences_member_id")),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_notice_preferences")),
    )
    op.create_table(
        "expiry_notices",
        sa.Column("member_id", ID, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("stage", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.CheckConstraint("stage IN (7, 30)", name="stage"),
        sa.PrimaryKeyConstraint("member_id", "day", "stage", name=op.f("pk_expiry_notices")),
    )
    op.create_index("ix_expiry_notices_day", "expiry_notices", ["day"])
    grant(op, "notice_preferences", REDEMPTION="SELECT, INSERT, UPDATE, DELETE", BACKOFFICE="SELECT")
    grant(op, "expiry_notices", BACKOFFICE="SELECT, INSERT, DELETE")


def downgrade() -> None:
    op.drop_table("expiry_notices")
    op.drop_table("notice_preferences")
