"""A rule set is put in within one transaction: budgets are counted from the ledger, which only the login of
earnings reads, so that login may also write drafts and the owner's limits.
"""

from __future__ import annotations

from alembic import op

from mall.db import Login
from mall.migrations.grants import grant, role

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

MORE = {
    "earning_rules": "INSERT, UPDATE",
    "earning_rule_versions": "INSERT",
    "campaigns": "INSERT, UPDATE",
    "rule_controls": "UPDATE",
}


def upgrade() -> None:
    for table, rights in MORE.items():
        grant(op, table, EARNING=rights)


def downgrade() -> None:
    for table, rights in MORE.items():
        op.execute(f"REVOKE {rights} ON {table} FROM {role(Login.EARNING)}")
