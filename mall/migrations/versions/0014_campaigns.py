"""Campaigns, and what it takes to find a member's tips."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from mall.migrations.grants import grant

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

ID = sa.Text(collation="C")


def upgrade() -> None:
    op.create_table(
        "campaigns",
        sa.Column("key", ID, nullable=False),
        sa.Column("document", JSONB(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("effective_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", ID, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('draft', 'published', 'retired')", name=op.f("ck_campaigns_state")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_campaigns")),
    )
    grant(op, "campaigns", EARNING="SELECT", BACKOFFICE="SELECT, INSERT, UPDATE, DELETE")
    tips = sa.text("type = 'tip.outcome'")
    op.create_index("ix_cases_tips", "cases", ["member_id"], schema="sources", postgresql_where=tips)
    op.create_index("ix_members_alias_of", "members", ["alias_of"], postgresql_where=sa.text("alias_of IS NOT NULL"))


def downgrade() -> None:
    op.drop_index("ix_members_alias_of", "members")
    op.drop_index("ix_cases_tips", "cases", schema="sources")
    op.drop_table("campaigns")
