"""The owner's setting that every member of staff has an authenticator, and recovery codes for those who lost it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mall.db import IdText, Login
from mall.migrations.grants import grant, role

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "staff_security",
        sa.Column("id", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("otp_required", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.CheckConstraint("id = 1", name="one_row"),
    )
    op.execute("INSERT INTO staff_security (id) VALUES (1)")
    # Every login looks up who calls, and with it whether they have to set up an authenticator first.
    for login in (Login.EARNING, Login.REDEMPTION):
        op.execute(f"GRANT SELECT (totp_enrolled_at) ON staff TO {role(login)}")
    grant(op, "staff_security", EARNING="SELECT", REDEMPTION="SELECT", BACKOFFICE="SELECT, UPDATE")
    op.create_table(
        "staff_recovery_codes",
        sa.Column("staff_id", IdText, primary_key=True),
        sa.Column("code_hash", sa.LargeBinary, primary_key=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_staff_recovery_codes_staff_id"),
    )
    grant(op, "staff_recovery_codes", BACKOFFICE="SELECT, INSERT, DELETE")


def downgrade() -> None:
    op.drop_table("staff_recovery_codes")
    op.drop_table("staff_security")
    for login in (Login.EARNING, Login.REDEMPTION):
        op.execute(f"REVOKE SELECT (totp_enrolled_at) ON staff FROM {role(login)}")
