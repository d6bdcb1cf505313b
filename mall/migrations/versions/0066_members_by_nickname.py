"""Members are found by the beginning of their nickname without reading them all."""

from __future__ import annotations

from alembic import op

revision = "0066"
down_revision = "0053"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX ix_members_nickname ON members (lower(nickname) text_pattern_ops)")


def downgrade() -> None:
    op.drop_index("ix_members_nickname", "members")
