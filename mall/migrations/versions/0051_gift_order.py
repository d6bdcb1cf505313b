"""The mall's own order of gifts, which staff keep."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("gifts", sa.Column("position", sa.Integer, nullable=False, server_default="0"))
    op.execute(
        "UPDATE gifts SET position = n.number"
        " FROM (SELECT id, row_number() OVER (ORDER BY id) AS number FROM gifts) AS n WHERE gifts.id = n.id"
    )
    op.create_index(
        "ix_gifts_position", "gifts", ["position", "id"], postgresql_where=sa.text("status = 'active'")
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_gifts_position", "gifts")
    op.drop_column("gifts", "position")
