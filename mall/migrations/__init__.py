"""Alembic migrations, numbered; the newest is named in ``versions/HEAD``."""
