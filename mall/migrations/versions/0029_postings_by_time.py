"""Postings are found by the day they were posted on: figures of the last weeks without reading the whole ledger.

A BRIN index: postings are appended in the order of time, so a few bytes for each range of blocks are enough, and
booking one costs next to nothing more.
"""

from __future__ import annotations

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

NAME = "ix_postings_posted_at"


def upgrade() -> None:
    op.create_index(NAME, "postings", ["posted_at"], schema="ledger", postgresql_using="brin")


def downgrade() -> None:
    op.drop_index(NAME, table_name="postings", schema="ledger")
