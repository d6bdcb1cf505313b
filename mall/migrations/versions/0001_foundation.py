"""Schemas, who may enter them, the append-only guard, idempotency keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mall.db import APP_LOGINS, IdText, Login
from mall.migrations.grants import GUARD, grant, role

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    op.execute("CREATE SCHEMA ledger")
    op.execute("CREATE SCHEMA sources")
    for login in APP_LOGINS:
        op.execute(f"GRANT USAGE ON SCHEMA public, ledger TO {role(login)}")
    op.execute(f"GRANT USAGE ON SCHEMA sources TO {role(Login.EARNING)}")
    op.execute(
        f"""
        CREATE FUNCTION {GUARD}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
        END $$
        """
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("key_hash", sa.LargeBinary, primary_key=True),
        sa.Column("owner", IdText, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("status", sa.SmallInteger, nullable=False),
        sa.Column("body_box", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"])
    rights = "SELECT, INSERT, UPDATE, DELETE"
    grant(op, "idempotency_keys", EARNING=rights, REDEMPTION=rights, BACKOFFICE=rights)


def downgrade() -> None:
    op.drop_table("idempotency_keys")
    op.execute(f"DROP FUNCTION {GUARD}()")
    op.execute("DROP SCHEMA sources")
    op.execute("DROP SCHEMA ledger")
    for login in APP_LOGINS:
        op.execute(f"REVOKE USAGE ON SCHEMA public FROM {role(login)}")
