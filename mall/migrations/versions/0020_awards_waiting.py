"""Awards that wait until staff confirm them are found without a look at the others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    waiting = sa.text("available_at IS NULL OR available_at > booked_at")
    op.create_index("ix_awards_waiting", "awards", ["award_id"], schema="sources", postgresql_where=waiting)


def downgrade() -> None:
    op.drop_index("ix_awards_waiting", "awards", schema="sources")
