"""Top-ups: providers, what a virtual gift asks of one, and how each order's top-up stands."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from mall.db import IdText
from mall.migrations.grants import grant

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

TIMED = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("gifts", sa.Column("top_up", JSONB))
    op.create_table(
        "top_up_providers",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("secret_box", sa.LargeBinary, nullable=False),
        sa.Column("former_box", sa.LargeBinary),
        sa.Column("former_until", TIMED),
        sa.Column("created_at", TIMED, nullable=False),
    )
    op.create_table(
        "top_ups",
        sa.Column("order_id", IdText, primary_key=True),
        sa.Column("provider_id", IdText, nullable=False),
        sa.Column("product", sa.Text, nullable=False),
        sa.Column("target_box", sa.LargeBinary),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", TIMED),
        sa.Column("problem", sa.Text),
        sa.Column("reference", sa.Text),
        sa.Column("created_at", TIMED, nullable=False),
        sa.Column("updated_at", TIMED, nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name="fk_top_ups_order_id"),
        sa.ForeignKeyConstraint(["provider_id"], ["top_up_providers.id"], name="fk_top_ups_provider_id"),
        sa.CheckConstraint("state IN ('waiting', 'accepted', 'done', 'refused', 'stuck')", name="state"),
    )
    op.create_index(
        "ix_top_ups_due", "top_ups", ["next_at", "order_id"], postgresql_where=sa.text("next_at IS NOT NULL")
    )
    op.create_index("ix_top_ups_state_order_id", "top_ups", ["state", "order_id"])
    # Secrets of providers are the back office's alone; a member's order only names its provider.
    grant(op, "top_up_providers", BACKOFFICE="SELECT, INSERT, UPDATE")
    grant(op, "top_ups", REDEMPTION="SELECT, INSERT, UPDATE (target_box)", BACKOFFICE="SELECT, UPDATE")


def downgrade() -> None:
    op.drop_table("top_ups")
    op.drop_table("top_up_providers")
    op.drop_column("gifts", "top_up")
