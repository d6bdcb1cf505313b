"""What the owner lets one person ask for by hand, at once and in a month, and from what an owner has to decide."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mall.migrations.grants import grant

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "adjustment_limits",
        sa.Column("id", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("most_points", sa.BigInteger, nullable=False, server_default="100000"),
        sa.Column("month_points", sa.BigInteger, server_default="1000000"),
        sa.Column("owner_above_points", sa.BigInteger),
        sa.CheckConstraint("id = 1", name="one_row"),
        sa.CheckConstraint("most_points BETWEEN 1 AND 100000", name="most_points"),
        sa.CheckConstraint("month_points > 0", name="month_points"),
        sa.CheckConstraint("owner_above_points >= 0", name="owner_above_points"),
    )
    op.execute("INSERT INTO adjustment_limits (id) VALUES (1)")
    grant(op, "adjustment_limits", BACKOFFICE="SELECT, UPDATE")
    op.create_index("ix_adjustments_asked", "adjustments", ["requested_by", "requested_at"])


def downgrade() -> None:
    op.drop_index("ix_adjustments_asked")
    op.drop_table("adjustment_limits")
