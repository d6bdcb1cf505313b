"""Adjustments and write-offs: asked for by one of the staff, approved by another."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mall.migrations.grants import grant

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

ID = sa.Text(collation="C")


def upgrade() -> None:
    op.create_table(
        "adjustments",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("requested_by", ID, nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", ID, nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_note", sa.Text(), nullable=True),
        sa.CheckConstraint("kind IN ('adjustment', 'write_off')", name=op.f("ck_adjustments_kind")),
        sa.CheckConstraint("state IN ('requested', 'approved', 'rejected')", name=op.f("ck_adjustments_state")),
        sa.CheckConstraint("points <> 0 AND (kind = 'adjustment' OR points > 0)", name=op.f("ck_adjustments_points")),
        sa.CheckConstraint("(state = 'requested') = (decided_by IS NULL)", name=op.f("ck_adjustments_decided")),
        sa.CheckConstraint("decided_by <> requested_by", name=op.f("ck_adjustments_two_persons")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_adjustments_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adjustments")),
    )
    op.create_index("ix_adjustments_open", "adjustments", ["id"], postgresql_where=sa.text("state = 'requested'"))
    grant(op, "adjustments", BACKOFFICE="SELECT, INSERT, UPDATE")


def downgrade() -> None:
    op.drop_table("adjustments")
