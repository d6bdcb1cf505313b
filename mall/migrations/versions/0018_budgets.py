"""Budgets of points, for a rule or for the whole programme."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mall.db import Login
from mall.migrations.grants import grant, role

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

ID = sa.Text(collation="C")


def upgrade() -> None:
    op.create_table(
        "point_budgets",
        sa.Column("scope", ID, nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("limit_points", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("updated_by", ID, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("period IN ('month', 'total')", name=op.f("ck_point_budgets_period")),
        sa.CheckConstraint("action IN ('stop', 'pend')", name=op.f("ck_point_budgets_action")),
        sa.CheckConstraint("limit_points >= 0", name=op.f("ck_point_budgets_limit_not_negative")),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_point_budgets")),
    )
    # Setting a budget adds up what awards have cost, which only this login can read.
    grant(op, "point_budgets", EARNING="SELECT, INSERT, UPDATE, DELETE", BACKOFFICE="SELECT")
    grant(op, "rule_revision", EARNING="UPDATE")


def downgrade() -> None:
    op.execute(f"REVOKE UPDATE ON rule_revision FROM {role(Login.EARNING)}")
    op.drop_table("point_budgets")
