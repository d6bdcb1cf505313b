"""Alembic's environment: migrations run as the owner, in one transaction each, one upgrade at a time."""

from __future__ import annotations

from alembic import context
from flask import current_app
from sqlalchemy import text

from mall.db import Base, Login, engine
from mall.migrations.logins import ensure_logins

UPGRADE_LOCK = 7300
SCHEMAS = ("public", "ledger", "sources")


def _include_name(name: str | None, kind: str, parents: object) -> bool:
    return kind != "schema" or name in SCHEMAS or name is None


def run() -> None:
    """Lock, make the logins, migrate."""
    settings = current_app.extensions["settings"]
    with engine(Login.OWNER).connect() as connection:
        connection.execute(text("SET lock_timeout = 0"))
        connection.execute(text("SET statement_timeout = 0"))
        connection.execute(text(f"SELECT pg_advisory_lock({UPGRADE_LOCK})"))
        ensure_logins(connection, settings)
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            include_schemas=True,
            include_name=_include_name,
            compare_type=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
        connection.execute(text(f"SELECT pg_advisory_unlock({UPGRADE_LOCK})"))
        connection.commit()


if context.is_offline_mode():
    raise SystemExit("Migrations need a connection: offline SQL is not supported.")
run()
