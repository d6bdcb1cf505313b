"""Webhooks: endpoints, deliveries, and the credit events that are still to be told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mall.db import IdText
from mall.migrations.grants import grant

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None

TIMED = sa.DateTime(timezone=True)
WAITING = sa.text("state = 'waiting'")


def upgrade() -> None:
    op.create_table(
        "webhook_endpoints",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("client_id", IdText),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("events", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("off_reason", sa.Text),
        sa.Column("secret_box", sa.LargeBinary, nullable=False),
        sa.Column("former_box", sa.LargeBinary),
        sa.Column("former_until", TIMED),
        sa.Column("created_at", TIMED, nullable=False),
        sa.Column("last_success_at", TIMED),
        sa.Column("failing_since", TIMED),
        sa.Column("told_at", TIMED),
        sa.Column("last_answer", sa.Text),
        sa.Column("last_ms", sa.Integer),
        sa.ForeignKeyConstraint(["client_id"], ["api_clients.id"], name="fk_webhook_endpoints_client_id"),
        sa.CheckConstraint("off_reason IN ('gone', 'failing')", name="off_reason"),
    )
    op.create_index("ix_webhook_endpoints_client_id", "webhook_endpoints", ["client_id"])
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("place", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("endpoint_id", IdText, nullable=False),
        sa.Column("message_id", IdText, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("subject", IdText),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("forced", sa.Boolean, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", TIMED),
        sa.Column("leased_until", TIMED),
        sa.Column("last_at", TIMED),
        sa.Column("answer", sa.Text),
        sa.Column("ms", sa.Integer),
        sa.Column("delivered_at", TIMED),
        sa.Column("created_at", TIMED, nullable=False),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["webhook_endpoints.id"], name="fk_webhook_deliveries_endpoint_id", ondelete="CASCADE"
        ),
        sa.CheckConstraint("state IN ('waiting', 'delivered', 'failed')", name="state"),
    )
    made = "webhook_deliveries"
    op.create_index("ix_webhook_deliveries_endpoint_id_place", made, ["endpoint_id", "place"])
    op.create_index(
        "ix_webhook_deliveries_waiting", made, ["endpoint_id", "next_at", "place"], postgresql_where=WAITING
    )
    op.create_index(
        "ix_webhook_deliveries_subject", made, ["endpoint_id", "subject", "place"], postgresql_where=WAITING
    )
    op.create_index("ix_webhook_deliveries_created_at", made, ["created_at"], postgresql_using="brin")
    # Which client told of which credit event is for the login of earning alone, also while it waits to be told.
    op.create_table(
        "facts_to_tell",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("event_key", sa.LargeBinary, nullable=False),
        sa.Column("source_id", IdText, nullable=False),
        sa.Column("at", TIMED, nullable=False),
        schema="sources",
    )
    grant(op, "webhook_endpoints", BACKOFFICE="SELECT, INSERT, UPDATE, DELETE")
    grant(op, "webhook_endpoints", EARNING="SELECT (id, client_id, events, active)")
    grant(op, "webhook_deliveries", BACKOFFICE="SELECT, INSERT, UPDATE, DELETE", EARNING="INSERT")
    grant(op, "sources.facts_to_tell", EARNING="SELECT, INSERT, DELETE")


def downgrade() -> None:
    op.drop_table("facts_to_tell", schema="sources")
    op.drop_table("webhook_deliveries")
    op.drop_table("webhook_endpoints")
