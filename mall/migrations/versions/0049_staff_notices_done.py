"""Notices to staff that somebody has seen to; every page of the back office counts those that wait."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mall.db import IdText, Login
from mall.migrations.grants import grant, role

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("staff_notices", sa.Column("done_at", sa.DateTime(timezone=True)))
    op.add_column("staff_notices", sa.Column("done_by", IdText))
    grant(op, "staff_notices", EARNING="SELECT")


def downgrade() -> None:
    op.execute(f"REVOKE SELECT ON staff_notices FROM {role(Login.EARNING)}")
    op.drop_column("staff_notices", "done_by")
    op.drop_column("staff_notices", "done_at")
