"""From where a deed was done; the log of requests in the order of time, whichever process wrote first."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("audit_entries", sa.Column("origin", sa.Text))
    op.drop_index("ix_api_requests_client_id_id", "api_requests")
    op.create_index("ix_api_requests_client_id_at", "api_requests", ["client_id", "at", "id"])


def downgrade() -> None:
    op.drop_index("ix_api_requests_client_id_at", "api_requests")
    op.create_index("ix_api_requests_client_id_id", "api_requests", ["client_id", "id"])
    op.drop_column("audit_entries", "origin")
