"""Drops of gifts at a time of day, and alerts when stock runs low."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mall.db import IdText
from mall.migrations.grants import grant

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

TIMED = sa.DateTime(timezone=True)
BEFORE = "kind IN ('received', 'corrected', 'imported', 'ordered', 'returned')"
AFTER = "kind IN ('received', 'corrected', 'imported', 'ordered', 'returned', 'released', 'withdrawn')"


def upgrade() -> None:
    op.create_table(
        "drops",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("gift_id", IdText, nullable=False),
        sa.Column("item_id", IdText, nullable=False),
        sa.Column("pieces", sa.Integer, nullable=False),
        sa.Column("minute", sa.SmallInteger, nullable=False),
        sa.Column("weekdays", sa.ARRAY(sa.SmallInteger), nullable=False),
        sa.Column("first_day", sa.Date, nullable=False),
        sa.Column("last_day", sa.Date),
        sa.Column("withdraws", sa.Boolean, nullable=False),
        sa.Column("reserve", sa.Integer, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("created_at", TIMED, nullable=False),
        sa.ForeignKeyConstraint(["gift_id"], ["gifts.id"], name="fk_drops_gift_id"),
        sa.CheckConstraint("pieces > 0 AND reserve >= 0 AND minute BETWEEN 0 AND 1439", name="figures"),
        sa.CheckConstraint("first_day <= last_day", name="days"),
    )
    op.create_index("ix_drops_gift_id", "drops", ["gift_id"])
    op.create_index("uq_drops_item_id", "drops", ["item_id"], unique=True, postgresql_where=sa.text("active"))
    op.create_table(
        "drop_days",
        sa.Column("drop_id", IdText, primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("released", sa.Integer, nullable=False),
        sa.Column("withdrawn", sa.Integer, nullable=False),
        sa.Column("released_at", TIMED, nullable=False),
        sa.ForeignKeyConstraint(["drop_id"], ["drops.id"], name="fk_drop_days_drop_id"),
    )
    op.create_table(
        "stock_alerts",
        sa.Column("item_id", IdText, primary_key=True),
        sa.Column("low_at", sa.Integer, nullable=False),
        sa.Column("low_since", TIMED),
        sa.ForeignKeyConstraint(["item_id"], ["stock_items.item_id"], name="fk_stock_alerts_item_id"),
        sa.CheckConstraint("low_at >= 0", name="threshold"),
    )
    op.drop_constraint(op.f("ck_stock_movements_kind"), "stock_movements")
    op.create_check_constraint("kind", "stock_movements", AFTER)
    grant(op, "drops", REDEMPTION="SELECT", EARNING="SELECT", BACKOFFICE="SELECT, INSERT, UPDATE")
    grant(op, "drop_days", REDEMPTION="SELECT", EARNING="SELECT", BACKOFFICE="SELECT, INSERT, UPDATE")
    grant(op, "stock_alerts", BACKOFFICE="SELECT, INSERT, UPDATE, DELETE")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_stock_movements_kind"), "stock_movements")
    # Older versions know a release as stock received, and what was withdrawn as corrected.
    op.execute("ALTER TABLE stock_movements DISABLE TRIGGER USER")
    op.execute("UPDATE stock_movements SET kind = 'received' WHERE kind = 'released'")
    op.execute("UPDATE stock_movements SET kind = 'corrected' WHERE kind = 'withdrawn'")
    op.execute("ALTER TABLE stock_movements ENABLE TRIGGER USER")
    op.create_check_constraint("kind", "stock_movements", BEFORE)
    for name in ("stock_alerts", "drop_days", "drops"):
        op.drop_table(name)
