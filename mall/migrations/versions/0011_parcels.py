"""Members' address books, and the carrier of a parcel."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mall.db import IdText
from mall.migrations.grants import grant

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("carrier", sa.Text))
    op.create_table(
        "member_addresses",
        sa.Column("id", IdText, primary_key=True),
        sa.Column("member_id", IdText, nullable=False),
        sa.Column("address_box", sa.LargeBinary, nullable=False),
        sa.Column("is_default", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_member_addresses_member_id_id", "member_addresses", ["member_id", "id"])
    op.create_index(
        "uq_member_addresses_default", "member_addresses", ["member_id"], unique=True,
        postgresql_where=sa.text("is_default"),
    )  # fmt: skip
    # Members' own login alone: staff and reporting systems have no business in an address book.
    grant(op, "member_addresses", REDEMPTION="SELECT, INSERT, UPDATE, DELETE")


def downgrade() -> None:
    op.drop_table("member_addresses")
    op.drop_column("orders", "carrier")
