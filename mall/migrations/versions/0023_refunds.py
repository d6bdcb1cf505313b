"""Refunds of orders in whole or part; reminders of what waits to be collected; from what price staff approve."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mall.db import IdText
from mall.migrations.grants import append_only, grant

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

TIMED = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("orders", sa.Column("refunded_points", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("orders", sa.Column("refunded_quantity", sa.Integer, nullable=False, server_default="0"))
    op.add_column("orders", sa.Column("reminders", sa.SmallInteger, nullable=False, server_default="0"))
    op.create_check_constraint(
        "refunded", "orders",
        "refunded_points BETWEEN 0 AND points AND refunded_quantity BETWEEN 0 AND quantity",
    )  # fmt: skip
    op.create_index(
        "ix_orders_uncollected", "orders", ["pickup_until", "id"],
        postgresql_where=sa.text("status = 'ready_for_pickup'"),
    )  # fmt: skip
    op.create_index("ix_orders_under_way", "orders", ["moved_at", "id"], postgresql_where=sa.text("status = 'shipped'"))
    op.create_table(
        "order_refunds",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("order_id", IdText, nullable=False),
        sa.Column("points", sa.BigInteger, nullable=False),
        sa.Column("quantity", sa.Integer, nullable=False),
        sa.Column("restocked", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("actor", IdText, nullable=False),
        sa.Column("at", TIMED, nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name="fk_order_refunds_order_id"),
        sa.CheckConstraint("points > 0 AND quantity >= 0", name="positive"),
    )
    op.create_index("ix_order_refunds_order_id", "order_refunds", ["order_id"])
    append_only(op, "order_refunds")
    grant(op, "order_refunds", REDEMPTION="SELECT", BACKOFFICE="SELECT, INSERT")
    op.create_table(
        "redemption_policy",
        sa.Column("id", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("approval_above_points", sa.BigInteger),
        sa.CheckConstraint("id = 1", name="one_row"),
        sa.CheckConstraint("approval_above_points >= 0", name="threshold"),
    )
    op.execute("INSERT INTO redemption_policy (id) VALUES (1)")
    grant(op, "redemption_policy", REDEMPTION="SELECT", BACKOFFICE="SELECT, UPDATE")


def downgrade() -> None:
    op.drop_table("redemption_policy")
    op.drop_table("order_refunds")
    op.drop_index("ix_orders_under_way")
    op.drop_index("ix_orders_uncollected")
    op.drop_constraint(op.f("ck_orders_refunded"), "orders")
    for name in ("reminders", "refunded_quantity", "refunded_points"):
        op.drop_column("orders", name)
