"""Finding by name among hundreds of thousands of members, and orders of a kind, of a pickup point and of some days.

- ``ix_members_nickname``: the beginning of a nickname; without it a name that nobody has reads every member (1.3 s of
  430,000). Written when an account is opened or renamed.
- ``ix_orders_kind_id``, ``ix_orders_pickup_point_id_id``: filters of the orders desk; without them a kind or a point
  with few orders reads all orders (2,000,000) to fill one page.
- ``ix_orders_placed_at``: in time order instead of by blocks, so that the list of some days in the past, the figures
  of a day and an export begin where they should. New orders go to its right edge, which stays in memory.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0066"
down_revision = "0065"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_members_nickname", "members", [sa.text('lower(nickname COLLATE "C")')])
    op.create_index("ix_orders_kind_id", "orders", ["kind", "id"])
    op.create_index(
        "ix_orders_pickup_point_id_id", "orders", ["pickup_point_id", "id"],
        postgresql_where=sa.text("pickup_point_id IS NOT NULL"),
    )  # fmt: skip
    op.drop_index("ix_orders_placed_at", "orders")
    op.create_index("ix_orders_placed_at", "orders", ["placed_at", "id"])


def downgrade() -> None:
    op.drop_index("ix_orders_placed_at", "orders")
    op.create_index("ix_orders_placed_at", "orders", ["placed_at"], postgresql_using="brin")
    for name in ("ix_orders_pickup_point_id_id", "ix_orders_kind_id"):
        op.drop_index(name, "orders")
    op.drop_index("ix_members_nickname", "members")
