"""Outbox and job runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from mall.db import IdText
from mall.migrations.grants import grant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _moment(name: str, *, nullable: bool = True) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "outbox_messages",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("payload", JSONB, nullable=False),
        _moment("created_at", nullable=False),
        _moment("available_at", nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("last_error", sa.Text),
        _moment("done_at"),
        _moment("failed_at"),
    )
    op.create_index(
        "ix_outbox_messages_due", "outbox_messages", ["available_at", "id"],
        postgresql_where=sa.text("done_at IS NULL AND failed_at IS NULL"),
    )  # fmt: skip
    op.create_table(
        "job_runs",
        sa.Column("name", IdText, primary_key=True),
        _moment("last_run_at"),
        _moment("last_success_at"),
        sa.Column("last_error", sa.Text),
        sa.Column("summary", JSONB),
    )
    grant(op, "outbox_messages", EARNING="INSERT", REDEMPTION="INSERT", BACKOFFICE="SELECT, INSERT, UPDATE, DELETE")
    # SELECT on what an insert gives back (its id) is all the other two need.
    grant(op, "outbox_messages", EARNING="SELECT (id)", REDEMPTION="SELECT (id)")
    grant(op, "job_runs", EARNING="SELECT", BACKOFFICE="SELECT, INSERT, UPDATE")


def downgrade() -> None:
    op.drop_table("job_runs")
    op.drop_table("outbox_messages")
