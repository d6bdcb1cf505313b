"""The approvals desk shows adjustments beside awards, which only the login of earnings reads."""

from __future__ import annotations

from alembic import op

from mall.db import Login
from mall.migrations.grants import grant, role

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    grant(op, "adjustments", EARNING="SELECT")


def downgrade() -> None:
    op.execute(f"REVOKE SELECT ON adjustments FROM {role(Login.EARNING)}")
