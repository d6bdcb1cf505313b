"""Who reported a case first, who corroborated it, and whose report is a duplicate."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mall.migrations.grants import grant

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reports",
        sa.Column("subject_key", sa.LargeBinary(), nullable=False),
        sa.Column("case_key", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.CheckConstraint("role IN ('first', 'corroborating', 'duplicate')", name=op.f("ck_reports_role")),
        sa.PrimaryKeyConstraint("subject_key", "case_key", name=op.f("pk_reports")),
        schema="sources",
    )
    grant(op, "sources.reports", EARNING="SELECT, INSERT")


def downgrade() -> None:
    op.drop_table("reports", schema="sources")
