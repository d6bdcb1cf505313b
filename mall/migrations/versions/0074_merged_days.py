"""Check-ins and unused cards of merged accounts move to the account that stays, and are gone from the other."""

from __future__ import annotations

from alembic import op

from mall.db import Login
from mall.migrations.grants import grant, role

revision = "0074"
down_revision = "0073"
branch_labels = None
depends_on = None

TABLES = ("check_ins", "make_up_cards")


def upgrade() -> None:
    for table in TABLES:
        grant(op, table, EARNING="DELETE")


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"REVOKE DELETE ON {table} FROM {role(Login.EARNING)}")
