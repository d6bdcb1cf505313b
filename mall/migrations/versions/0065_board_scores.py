"""Scores of boards of many members, counted every five minutes.

The index is that of reading a board's first places, and of the rank of a member further down; it is written by the
job alone. Awards get no index for it: they are written with every credit.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mall.db import IdText
from mall.migrations.grants import grant

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "board_scores",
        sa.Column("period", sa.Text, primary_key=True),
        sa.Column("member_id", IdText, primary_key=True),
        sa.Column("since", sa.DateTime(timezone=True)),
        sa.Column("points", sa.BigInteger, nullable=False),
        sa.CheckConstraint("points > 0", name="points"),
    )
    op.create_index("ix_board_scores_period_points", "board_scores", ["period", "points", "member_id"])
    grant(op, "board_scores", EARNING="SELECT, INSERT, UPDATE, DELETE")


def downgrade() -> None:
    op.drop_table("board_scores")
