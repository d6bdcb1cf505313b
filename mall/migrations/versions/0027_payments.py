"""Payments: the cash part of gifts and orders."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from mall.db import IdText
from mall.migrations.grants import grant

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

TIMED = sa.DateTime(timezone=True)
CASH = "(cash_cents IS NULL) = (cash_currency IS NULL) AND cash_cents > 0"
TABLES = ("order_payments", "payment_refunds", "payment_events", "payment_disputes")


def upgrade() -> None:
    for table in ("gifts", "orders"):
        op.add_column(table, sa.Column("cash_cents", sa.BigInteger, nullable=True))
        op.add_column(table, sa.Column("cash_currency", sa.Text, nullable=True))
        op.create_check_constraint("cash", table, CASH)
    op.create_table(
        "order_payments",
        sa.Column("order_id", IdText, sa.ForeignKey("orders.id"), primary_key=True),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("amount_cents", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("attempt", sa.SmallInteger, nullable=False),
        sa.Column("session_id", IdText, unique=True),
        sa.Column("checkout_url", sa.Text),
        sa.Column("intent_id", IdText),
        sa.Column("captured_cents", sa.BigInteger, nullable=False),
        sa.Column("refunded_cents", sa.BigInteger, nullable=False),
        sa.Column("lost_cents", sa.BigInteger, nullable=False),
        sa.Column("on_hold", sa.Boolean, nullable=False),
        sa.Column("flag", sa.Text),
        sa.Column("created_at", TIMED, nullable=False),
        sa.Column("expires_at", TIMED, nullable=False),
        sa.Column("checked_at", TIMED, nullable=False),
        sa.Column("paid_at", TIMED),
        sa.Column("session_over_at", TIMED),
        sa.CheckConstraint("status IN ('open', 'paid', 'void', 'mismatch')", name="status"),
        sa.CheckConstraint("amount_cents > 0 AND attempt > 0", name="positive"),
        sa.CheckConstraint(
            "captured_cents >= 0 AND refunded_cents >= 0 AND lost_cents >= 0"
            " AND refunded_cents + lost_cents <= captured_cents",
            name="refunds_within_captured",
        ),
    )
    op.create_index("ix_order_payments_intent_id", "order_payments", ["intent_id"])
    op.create_index(
        "ix_order_payments_open", "order_payments", ["expires_at"], postgresql_where=sa.text("session_over_at IS NULL")
    )
    op.create_table(
        "payment_refunds",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("order_id", IdText, sa.ForeignKey("order_payments.order_id"), nullable=False),
        sa.Column("amount_cents", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("attempt", sa.SmallInteger, nullable=False),
        sa.Column("refund_ref", IdText, unique=True),
        sa.Column("asked_at", TIMED, nullable=False),
        sa.Column("send_at", TIMED, nullable=False),
        sa.Column("done_at", TIMED),
        sa.Column("last_error", sa.Text),
        sa.CheckConstraint("status IN ('asked', 'sent', 'done', 'failed')", name="status"),
        sa.CheckConstraint("amount_cents > 0 AND attempt > 0", name="positive"),
    )
    op.create_index("ix_payment_refunds_order_id", "payment_refunds", ["order_id"])
    op.create_index(
        "ix_payment_refunds_due", "payment_refunds", ["send_at"], postgresql_where=sa.text("status = 'asked'")
    )
    op.create_table(
        "payment_events",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("facts", JSONB, nullable=False),
        sa.Column("received_at", TIMED, nullable=False),
        sa.Column("settled_at", TIMED),
        sa.Column("outcome", sa.Text),
    )
    op.create_index("ix_payment_events_received_at", "payment_events", ["received_at"])
    op.create_index(
        "ix_payment_events_unsettled", "payment_events", ["received_at"], postgresql_where=sa.text("settled_at IS NULL")
    )
    op.create_table(
        "payment_disputes",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("order_id", IdText, sa.ForeignKey("order_payments.order_id"), nullable=False),
        sa.Column("amount_cents", sa.BigInteger, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("opened_at", TIMED, nullable=False),
        sa.Column("closed_at", TIMED),
    )
    op.create_index("ix_payment_disputes_order_id", "payment_disputes", ["order_id"])
    # Members open payments, learn of their pages and give them up; what the provider says is settled by the office.
    grant(op, "order_payments", REDEMPTION="SELECT, INSERT, UPDATE", BACKOFFICE="SELECT, UPDATE")
    grant(op, "payment_refunds", REDEMPTION="SELECT, INSERT", BACKOFFICE="SELECT, INSERT, UPDATE")
    for name in ("payment_events", "payment_disputes"):
        grant(op, name, BACKOFFICE="SELECT, INSERT, UPDATE")
    grant(op, "payment_events", BACKOFFICE="DELETE")


def downgrade() -> None:
    for name in reversed(TABLES):
        op.drop_table(name)
    for table in ("gifts", "orders"):
        op.drop_constraint(op.f(f"ck_{table}_cash"), table)
        op.drop_column(table, "cash_currency")
        op.drop_column(table, "cash_cents")
