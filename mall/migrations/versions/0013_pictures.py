"""Pictures in three sizes and what they show; what a gift's variants cost at least and at most."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from mall.db import IdText
from mall.migrations.grants import grant

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

ACTIVE = sa.text("status = 'active'")
RANGE = {"from_points": "min", "to_points": "max"}
_PRICES = """UPDATE gifts AS g SET {name} = coalesce(
 (SELECT {which}(coalesce(v.points, g.points)) FROM gift_variants AS v WHERE v.gift_id = g.id AND v.active),
 g.points)"""


def upgrade() -> None:
    op.create_table(
        "picture_sizes",
        sa.Column("sha256", IdText, sa.ForeignKey("pictures.sha256"), primary_key=True),
        sa.Column("width", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    grant(op, "picture_sizes", REDEMPTION="SELECT", BACKOFFICE="SELECT, INSERT")
    op.add_column("gifts", sa.Column("picture_texts", JSONB, nullable=False, server_default=sa.text("'{}'")))
    for name, which in RANGE.items():
        op.add_column("gifts", sa.Column(name, sa.BigInteger, nullable=True))
        op.execute(_PRICES.format(name=name, which=which))
        op.alter_column("gifts", name, nullable=False)
    op.drop_index("ix_gifts_points", "gifts")
    op.create_index("ix_gifts_points", "gifts", ["from_points", "id"], postgresql_where=ACTIVE)


def downgrade() -> None:
    op.drop_index("ix_gifts_points", "gifts")
    for name in (*RANGE, "picture_texts"):
        op.drop_column("gifts", name)
    op.create_index("ix_gifts_points", "gifts", ["points", "id"], postgresql_where=ACTIVE)
    op.drop_table("picture_sizes")
