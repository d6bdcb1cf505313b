"""Long work that staff have asked for: how far it is, and for a day what came of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from mall.db import IdText
from mall.migrations.grants import grant

revision = "0068"
down_revision = "0067"
branch_labels = None
depends_on = None

TIMED = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "long_works",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("staff_id", IdText, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("asked", JSONB, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("total", sa.Integer),
        sa.Column("created_at", TIMED, nullable=False),
        sa.Column("seen_at", TIMED),
        sa.Column("finished_at", TIMED),
        sa.Column("problem", sa.Text),
        sa.Column("result", JSONB),
        sa.Column("file_name", sa.Text),
        sa.Column("file_bytes", sa.Integer),
        sa.Column("file", sa.LargeBinary),
        sa.CheckConstraint("state IN ('queued', 'running', 'done', 'failed')", name="state"),
    )
    op.create_index("ix_long_works_staff_id_id", "long_works", ["staff_id", "id"])
    op.create_index(
        "ix_long_works_unfinished", "long_works", ["id"],
        postgresql_where=sa.text("state IN ('queued', 'running')"),
    )  # fmt: skip
    op.create_index("ix_long_works_created_at", "long_works", ["created_at"])
    grant(op, "long_works", BACKOFFICE="SELECT, INSERT, UPDATE, DELETE")


def downgrade() -> None:
    op.drop_table("long_works")
