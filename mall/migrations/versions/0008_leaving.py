"""What members' logins need to let a person go: addresses, notices, boards, and remembered answers by owner."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mall.db import Login
from mall.migrations.grants import grant, role

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

EMPTIED = ("order_addresses", "address_keys", "notifications")


def upgrade() -> None:
    for name in EMPTIED:
        grant(op, name, REDEMPTION="DELETE")
    grant(op, "board_members", REDEMPTION="SELECT, DELETE")
    # Reporting systems write most of these rows, and none of them is a person.
    op.create_index(
        "ix_idempotency_keys_person", "idempotency_keys", ["owner"],
        postgresql_where=sa.text("owner NOT LIKE 'client:%'"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_idempotency_keys_person", "idempotency_keys")
    for name in (*EMPTIED, "board_members"):
        op.execute(f"REVOKE DELETE ON {name} FROM {role(Login.REDEMPTION)}")
    op.execute(f"REVOKE SELECT ON board_members FROM {role(Login.REDEMPTION)}")
