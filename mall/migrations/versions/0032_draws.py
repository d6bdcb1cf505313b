"""Fair draws: their terms, seeds and lists of entries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mall.db import IdText
from mall.migrations.grants import grant

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

TIMED = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "draws",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("gift_id", IdText, nullable=False),
        sa.Column("opens_at", TIMED, nullable=False),
        sa.Column("closes_at", TIMED, nullable=False),
        sa.Column("winners", sa.Integer, nullable=False),
        sa.Column("losers", sa.Text, nullable=False),
        sa.Column("commitment", sa.Text, nullable=False),
        sa.Column("created_at", TIMED, nullable=False),
        sa.Column("entries", sa.Integer),
        sa.Column("list_sha256", sa.Text),
        sa.Column("frozen_at", TIMED),
        sa.Column("seed", sa.Text),
        sa.Column("drawn_at", TIMED),
        sa.Column("settled_at", TIMED),
        sa.ForeignKeyConstraint(["gift_id"], ["gifts.id"], name="fk_draws_gift_id"),
        sa.UniqueConstraint("gift_id", name="uq_draws_gift_id"),
        sa.CheckConstraint("opens_at < closes_at", name="times"),
        sa.CheckConstraint("winners > 0", name="winners_positive"),
        sa.CheckConstraint("losers IN ('returned', 'kept')", name="losers"),
        sa.CheckConstraint(
            "(frozen_at IS NULL) = (list_sha256 IS NULL) AND (frozen_at IS NULL) = (entries IS NULL)", name="list"
        ),
        sa.CheckConstraint(
            "(drawn_at IS NULL) = (seed IS NULL) AND (drawn_at IS NULL OR frozen_at IS NOT NULL)"
            " AND (settled_at IS NULL OR drawn_at IS NOT NULL)",
            name="order_of_steps",
        ),
    )
    op.create_table(
        "draw_seeds",
        sa.Column("draw_id", IdText, primary_key=True),
        sa.Column("seed_box", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(["draw_id"], ["draws.id"], name="fk_draw_seeds_draw_id"),
    )
    op.create_table(
        "draw_entries",
        sa.Column("draw_id", IdText, primary_key=True),
        sa.Column("entry_id", IdText, primary_key=True),
        sa.Column("order_id", IdText, nullable=False),
        sa.Column("rank", sa.Integer),
        sa.ForeignKeyConstraint(["draw_id"], ["draws.id"], name="fk_draw_entries_draw_id"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name="fk_draw_entries_order_id"),
        sa.UniqueConstraint("order_id", name="uq_draw_entries_order_id"),
    )
    op.create_index("ix_draw_entries_draw_id_rank", "draw_entries", ["draw_id", "rank"])
    entered = sa.text("kind = 'draw' AND status = 'placed'")
    op.create_index("ix_orders_entered", "orders", ["gift_id", "id"], postgresql_where=entered)
    grant(op, "draws", REDEMPTION="SELECT", EARNING="SELECT", BACKOFFICE="SELECT, INSERT, UPDATE")
    grant(op, "draw_seeds", BACKOFFICE="SELECT, INSERT")
    grant(op, "draw_entries", REDEMPTION="SELECT", BACKOFFICE="SELECT, INSERT, UPDATE")


def downgrade() -> None:
    op.drop_index("ix_orders_entered", "orders")
    for name in ("draw_entries", "draw_seeds", "draws"):
        op.drop_table(name)
