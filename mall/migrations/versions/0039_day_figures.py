"""Figures by day for the overview, so that no page adds up the ledger, and what a point is worth.

BRIN indexes on what is appended in the order of time: a day is found without reading all days.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mall.migrations.grants import grant

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

POINTS = ("granted", "written_off", "taken_back", "redeemed", "refunded", "expired", "owed")
COUNTS = ("members", "members_joined", "members_active", "members_checked_in", "orders_placed", "orders_completed")
REACHED = ("members", "signed_in", "checked_in", "redeemed")
BY_TIME = (("check_ins", "day"), ("orders", "placed_at"), ("order_history", "at"))


def upgrade() -> None:
    op.create_table(
        "day_figures",
        sa.Column("day", sa.Date, primary_key=True),
        *(sa.Column(f"{name}_points", sa.BigInteger, nullable=False) for name in POINTS),
        *(sa.Column(name, sa.Integer, nullable=False) for name in COUNTS),
        sa.Column("ordered_points", sa.BigInteger, nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "period_reach",
        sa.Column("first_day", sa.Date, primary_key=True),
        sa.Column("last_day", sa.Date, primary_key=True),
        *(sa.Column(name, sa.Integer, nullable=False) for name in REACHED),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "figure_settings",
        sa.Column("id", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("points_per_unit", sa.BigInteger),
        sa.CheckConstraint("id = 1", name="one_row"),
        sa.CheckConstraint("points_per_unit > 0", name="points_per_unit"),
    )
    op.execute("INSERT INTO figure_settings (id) VALUES (1)")
    for table, column in BY_TIME:
        op.create_index(f"ix_{table}_{column}", table, [column], postgresql_using="brin")
    grant(op, "day_figures", BACKOFFICE="SELECT, INSERT, UPDATE")
    grant(op, "period_reach", BACKOFFICE="SELECT, INSERT, UPDATE, DELETE")
    grant(op, "figure_settings", BACKOFFICE="SELECT, UPDATE")


def downgrade() -> None:
    for table, column in BY_TIME:
        op.drop_index(f"ix_{table}_{column}", table_name=table)
    for table in ("figure_settings", "period_reach", "day_figures"):
        op.drop_table(table)
