"""Prizes of draws that are sent: how winners get them, and until when they say where."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None

BEFORE = (
    "'placed', 'awaiting_payment', 'confirmed', 'preparing', 'shipped', 'ready_for_pickup', 'issued', 'completed', "
    "'cancelled', 'expired', 'returned', 'refunded'"
)


def upgrade() -> None:
    op.add_column("draws", sa.Column("handover", sa.Text, nullable=False, server_default="pickup"))
    op.add_column("draws", sa.Column("claim_days", sa.Integer, nullable=False, server_default="14"))
    op.create_check_constraint("handover", "draws", "handover IN ('pickup', 'delivery', 'either')")
    op.create_check_constraint("claim_days", "draws", "claim_days BETWEEN 1 AND 90")
    op.add_column("orders", sa.Column("claim_until", sa.DateTime(timezone=True)))
    op.drop_constraint(op.f("ck_orders_status"), "orders")
    op.create_check_constraint("status", "orders", f"status IN ({BEFORE}, 'awaiting_claim')")
    op.create_index(
        "ix_orders_unclaimed", "orders", ["claim_until", "id"], postgresql_where=sa.text("status = 'awaiting_claim'")
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_orders_unclaimed", "orders")
    # What the older mall knows: the prize is won, and staff see to it by hand.
    op.execute("UPDATE orders SET status = 'confirmed' WHERE status = 'awaiting_claim'")
    op.execute("UPDATE orders SET kind = 'draw' WHERE kind = 'prize'")
    op.drop_constraint(op.f("ck_orders_status"), "orders")
    op.create_check_constraint("status", "orders", f"status IN ({BEFORE})")
    op.drop_column("orders", "claim_until")
    op.drop_column("draws", "claim_days")
    op.drop_column("draws", "handover")
