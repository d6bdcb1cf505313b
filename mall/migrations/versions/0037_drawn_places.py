"""The place that was drawn for a ticket stays, whatever becomes of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("queue_tickets", sa.Column("drawn_place", sa.Integer))
    drawn = sa.text("drawn_place IS NOT NULL")
    op.create_index("ix_queue_tickets_drawn", "queue_tickets", ["room_id", "drawn_place"], postgresql_where=drawn)


def downgrade() -> None:
    op.drop_column("queue_tickets", "drawn_place")
