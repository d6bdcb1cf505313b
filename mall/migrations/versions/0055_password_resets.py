"""New passwords for members who lost theirs: asked for by one of the staff, approved by another."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mall.db import IdText, Login
from mall.migrations.grants import grant, role

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None

TIMED = sa.DateTime(timezone=True)
LISTED = """id, member_id, reason, identified, state, requested_by, requested_at, decided_by, decided_at,
 decision_note, expires_at, used_at"""
FROZEN = "id, member_id, frozen_at, ends_at, lifted_at"
LIVE = sa.text("state = 'requested'")


def upgrade() -> None:
    op.create_table(
        "password_resets",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("member_id", IdText, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("identified", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("requested_by", IdText, nullable=False),
        sa.Column("requested_at", TIMED, nullable=False),
        sa.Column("decided_by", IdText),
        sa.Column("decided_at", TIMED),
        sa.Column("decision_note", sa.Text),
        sa.Column("token_hash", sa.LargeBinary),
        sa.Column("expires_at", TIMED),
        sa.Column("used_at", TIMED),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="fk_password_resets_member_id"),
        sa.UniqueConstraint("token_hash", name="uq_password_resets_token_hash"),
        sa.CheckConstraint("state IN ('requested', 'approved', 'rejected', 'used')", name="state"),
        sa.CheckConstraint("(state = 'requested') = (decided_by IS NULL)", name="decided"),
        sa.CheckConstraint("decided_by <> requested_by", name="two_persons"),
        sa.CheckConstraint("(state = 'used') = (used_at IS NOT NULL)", name="used"),
        sa.CheckConstraint("token_hash IS NULL OR state = 'approved'", name="link"),
    )
    op.create_index(
        "uq_password_resets_member_id", "password_resets", ["member_id"], unique=True, postgresql_where=LIVE
    )
    op.create_index("ix_password_resets_member_id_id", "password_resets", ["member_id", "id"])
    grant(
        op, "password_resets", BACKOFFICE="SELECT, INSERT, UPDATE", EARNING=f"SELECT ({LISTED})",
        REDEMPTION="SELECT, UPDATE (state, used_at, token_hash), DELETE",
    )  # fmt: skip
    # A member's export says when the account was frozen; why is the staff's own.
    op.execute(f"GRANT SELECT ({FROZEN}) ON member_freezes TO {role(Login.REDEMPTION)}")


def downgrade() -> None:
    op.execute(f"REVOKE SELECT ({FROZEN}) ON member_freezes FROM {role(Login.REDEMPTION)}")
    op.drop_table("password_resets")
