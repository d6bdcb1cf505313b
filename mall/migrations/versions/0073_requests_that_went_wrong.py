"""An index of the requests of reporting systems that were refused or failed: the log's filter for those that failed
read all 1,500,000 lines of a month to find none (0.4 s)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0073"
down_revision = "0072"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_api_requests_wrong", "api_requests", ["client_id", "at", "id", "status"],
        postgresql_where=sa.text("status >= 400"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_api_requests_wrong", "api_requests")
