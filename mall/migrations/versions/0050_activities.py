"""Activities, and who signed up or came."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from mall.db import IdText
from mall.migrations.grants import grant

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

TIMED = sa.DateTime(timezone=True)
SIGNED_UP = sa.text("signed_up_at IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "activities",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("title", JSONB, nullable=False),
        sa.Column("about", JSONB, nullable=False),
        sa.Column("place", JSONB, nullable=False),
        sa.Column("starts_at", TIMED, nullable=False),
        sa.Column("ends_at", TIMED, nullable=False),
        sa.Column("sign_up_needed", sa.Boolean, nullable=False),
        sa.Column("capacity", sa.Integer),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_by", IdText, nullable=False),
        sa.Column("created_at", TIMED, nullable=False),
        sa.Column("updated_at", TIMED, nullable=False),
        sa.CheckConstraint("state IN ('draft', 'published', 'cancelled')", name="state"),
        sa.CheckConstraint("starts_at < ends_at", name="times"),
        sa.CheckConstraint("capacity > 0", name="capacity"),
    )
    op.create_index("ix_activities_ends_at", "activities", ["ends_at", "id"])
    op.create_table(
        "participations",
        sa.Column("activity_id", IdText, primary_key=True),
        sa.Column("member_id", IdText, primary_key=True),
        sa.Column("signed_up_at", TIMED),
        sa.Column("attended_at", TIMED),
        sa.Column("marked_by", IdText),
        sa.ForeignKeyConstraint(["activity_id"], ["activities.id"], name="fk_participations_activity_id"),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="fk_participations_member_id"),
        sa.CheckConstraint("signed_up_at IS NOT NULL OR attended_at IS NOT NULL", name="something"),
        sa.CheckConstraint("attended_at IS NOT NULL OR marked_by IS NULL", name="marked"),
    )
    op.create_index("ix_participations_member_id", "participations", ["member_id"])
    op.create_index("ix_participations_signed_up", "participations", ["activity_id"], postgresql_where=SIGNED_UP)
    # PostgreSQL lets nobody lock a row without the right to change a column of it: sign-ups lock their activity.
    grant(op, "activities", EARNING="SELECT, UPDATE (updated_at)", BACKOFFICE="SELECT, INSERT, UPDATE")
    grant(
        op, "participations", EARNING="SELECT, INSERT, UPDATE, DELETE", REDEMPTION="SELECT, DELETE", BACKOFFICE="SELECT"
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("participations")
    op.drop_table("activities")
