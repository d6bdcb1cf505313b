"""Whoever manages rules puts segments and redemption rules in with the same file."""

from __future__ import annotations

from alembic import op

from mall.db import Login
from mall.migrations.grants import grant, role

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    grant(op, "segments", EARNING="INSERT, UPDATE")
    grant(op, "redemption_rules", EARNING="SELECT, INSERT, UPDATE")


def downgrade() -> None:
    earning = role(Login.EARNING)
    op.execute(f"REVOKE SELECT, INSERT, UPDATE ON redemption_rules FROM {earning}")
    op.execute(f"REVOKE INSERT, UPDATE ON segments FROM {earning}")
