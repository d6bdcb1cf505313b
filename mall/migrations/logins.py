"""The app's database logins: made, or given their password again, before the first migration."""

from __future__ import annotations

from psycopg import sql
from sqlalchemy import Connection, text

from mall.crypto import Keyring
from mall.db import APP_LOGINS, role_name, role_password
from mall.settings import Settings, SettingsError


def ensure_logins(connection: Connection, settings: Settings) -> None:
    """Make sure each app login exists, can log in with the derived password and owns nothing.

    The owner needs CREATEROLE for that; without it the roles must exist already, else SettingsError.
    """
    ring = Keyring(settings.secret_key)
    raw = connection.connection.driver_connection
    assert raw is not None
    own_rights = text("SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user")
    may = connection.execute(own_rights).scalar()
    # Two installations on one cluster may upgrade at the same moment.
    connection.execute(text("SELECT pg_advisory_xact_lock(7301)"))
    for login in APP_LOGINS:
        name = role_name(settings, login)
        exists = connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": name}).scalar()
        if not may and not exists:
            raise SettingsError(
                f'The role "{name}" is missing and the database owner may not create it: '
                "give the owner CREATEROLE, at least for this upgrade."
            )
        if may:
            verb = sql.SQL("ALTER" if exists else "CREATE")
            statement = sql.SQL("{} ROLE {} WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {}").format(
                verb, sql.Identifier(name), sql.Literal(role_password(ring, login))
            )
            raw.execute(statement)
