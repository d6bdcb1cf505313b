"""Notes about members, freezes with their end, and merges of duplicates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from mall.db import IdText, Login
from mall.migrations.grants import grant, role

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

TIMED = sa.DateTime(timezone=True)
HOLDS = sa.text("lifted_at IS NULL")
WAITS = sa.text("state = 'requested'")
CLOSING = "status, alias_of, username, username_key, password_hash"


def upgrade() -> None:
    _create_care()
    _create_merges()
    op.add_column("orders", sa.Column("wallet_id", IdText))
    grant(op, "member_notes", BACKOFFICE="SELECT, INSERT", REDEMPTION="SELECT (member_id), DELETE")
    grant(op, "member_freezes", BACKOFFICE="SELECT, INSERT, UPDATE (lifted_by, lifted_at)")
    grant(op, "member_merges", EARNING="SELECT", BACKOFFICE="SELECT, INSERT, UPDATE")
    # A merge ends the credential of the account that goes; reading a hash stays with the login that checks it.
    grant(op, "members", BACKOFFICE=f"UPDATE ({CLOSING})")


def _create_care() -> None:
    op.create_table(
        "member_notes",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("member_id", IdText, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("author", IdText, nullable=False),
        sa.Column("at", TIMED, nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="fk_member_notes_member_id"),
    )
    op.create_index("ix_member_notes_member_id_id", "member_notes", ["member_id", "id"])
    op.create_table(
        "member_freezes",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("member_id", IdText, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("ends_at", TIMED),
        sa.Column("frozen_by", IdText, nullable=False),
        sa.Column("frozen_at", TIMED, nullable=False),
        sa.Column("lifted_by", IdText),
        sa.Column("lifted_at", TIMED),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name="fk_member_freezes_member_id"),
        sa.CheckConstraint("ends_at > frozen_at", name="ends_later"),
        sa.CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL)", name="lifted"),
    )
    op.create_index("uq_member_freezes_member_id", "member_freezes", ["member_id"], unique=True, postgresql_where=HOLDS)
    op.create_index("ix_member_freezes_ends_at", "member_freezes", ["ends_at"], postgresql_where=HOLDS)


def _create_merges() -> None:
    op.create_table(
        "member_merges",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("source_id", IdText, nullable=False),
        sa.Column("target_id", IdText, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("requested_by", IdText, nullable=False),
        sa.Column("requested_at", TIMED, nullable=False),
        sa.Column("decided_by", IdText),
        sa.Column("decided_at", TIMED),
        sa.Column("decision_note", sa.Text),
        sa.Column("outcome", JSONB),
        sa.ForeignKeyConstraint(["source_id"], ["members.id"], name="fk_member_merges_source_id"),
        sa.ForeignKeyConstraint(["target_id"], ["members.id"], name="fk_member_merges_target_id"),
        sa.CheckConstraint("state IN ('requested', 'approved', 'rejected')", name="state"),
        sa.CheckConstraint("source_id <> target_id", name="two_accounts"),
        sa.CheckConstraint("(state = 'requested') = (decided_by IS NULL)", name="decided"),
        sa.CheckConstraint("decided_by <> requested_by", name="two_persons"),
    )
    op.create_index("uq_member_merges_source_id", "member_merges", ["source_id"], unique=True, postgresql_where=WAITS)
    op.create_index("ix_member_merges_target_id", "member_merges", ["target_id"])


def downgrade() -> None:
    op.execute("UPDATE orders SET member_id = wallet_id WHERE wallet_id IS NOT NULL")
    op.drop_column("orders", "wallet_id")
    for name in ("member_merges", "member_freezes", "member_notes"):
        op.drop_table(name)
    op.execute(f"REVOKE UPDATE ({CLOSING}) ON members FROM {role(Login.BACKOFFICE)}")
