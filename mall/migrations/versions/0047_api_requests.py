"""The log of what reporting systems ask."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mall.db import IdText
from mall.migrations.grants import grant

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_requests",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("client_id", IdText, nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("route", sa.Text, nullable=False),
        sa.Column("status", sa.SmallInteger, nullable=False),
        sa.Column("tenths_ms", sa.BigInteger, nullable=False),
        sa.Column("request_id", sa.Text, nullable=False),
    )
    op.create_index("ix_api_requests_client_id_id", "api_requests", ["client_id", "id"])
    op.create_index("ix_api_requests_at", "api_requests", ["at"], postgresql_using="brin")
    grant(op, "api_requests", BACKOFFICE="SELECT, INSERT, DELETE")


def downgrade() -> None:
    op.drop_table("api_requests")
