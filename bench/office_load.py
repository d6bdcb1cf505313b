"""Filling a mall with a town's years for ``bench.office``: the demo's gifts and staff, and any number of members.

Indexes are dropped and made again around the load, foreign keys and the disk's safety are off meanwhile: the cluster
is thrown away afterwards.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime

import psycopg
from flask import Flask

from bench.office_tables import SET_UP, TABLES, TEAR_DOWN
from catalog.demo.cli import HERE
from catalog.demo.load import load_demo
from mall import clock
from mall.crypto import keyring
from points.badges.catalogue import BY_CODE
from points.earning.event_types import EventIn
from points.earning.keys import seal_event

_FAST = (
    "ALTER SYSTEM SET fsync = off",
    "ALTER SYSTEM SET full_page_writes = off",
    "ALTER SYSTEM SET max_wal_size = '16GB'",
    "ALTER SYSTEM SET checkpoint_timeout = '1h'",
    "SELECT pg_reload_conf()",
    "SET synchronous_commit = off",
    "SET work_mem = '512MB'",
    "SET maintenance_work_mem = '1GB'",
    "SET session_replication_role = replica",
)
_KEYS = """SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint c WHERE conrelid = %s::regclass AND contype IN
 ('p', 'u') AND NOT EXISTS (SELECT 1 FROM pg_constraint f WHERE f.contype = 'f' AND f.confrelid = c.conrelid)"""
_INDEXES = """SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i
 WHERE i.indrelid = %s::regclass AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = i.indexrelid)"""


def owner_dsn(app: Flask) -> str:
    """How to connect as the owner of the tables."""
    url: str = app.config["SQLALCHEMY_BINDS"]["owner"]["url"].render_as_string(hide_password=False)
    return url.replace("postgresql+psycopg", "postgresql")


def is_loaded(app: Flask) -> bool:
    """Whether the mall is filled already."""
    with psycopg.connect(owner_dsn(app)) as connection:
        row = connection.execute("SELECT EXISTS (SELECT 1 FROM members WHERE username_key = 'bench_1')").fetchone()
        return bool(row and row[0])


def fill(app: Flask, members: int) -> None:
    """Load the demo and ``members`` members with all that belongs to them; says what it does on standard error."""
    with app.app_context():
        for _line in load_demo(HERE, app.extensions["settings"], clock.now()):
            pass
        event = EventIn("bench/adopted", "tip.outcome", "bench", datetime(2026, 1, 1, tzinfo=UTC), "bench-1", {})
        box = seal_event(keyring(), event).hex()
    with psycopg.connect(owner_dsn(app), autocommit=True) as connection:
        for statement in _FAST:
            connection.execute(statement)
        client = connection.execute("SELECT id FROM api_clients LIMIT 1").fetchone()
        assert client is not None
        for name, value in (
            ("now", clock.now().isoformat()), ("members", str(members)), ("client", client[0]), ("box", box),
            ("badges", " ".join(sorted(BY_CODE)[:5])),
        ):  # fmt: skip
            connection.execute("SELECT set_config(%s, %s, false)", (f"bench.{name}", value))
        _said(connection, "members and their moves", SET_UP)
        for table, statement in TABLES:
            _load(connection, table, statement)
        _said(connection, "tidying up", (*TEAR_DOWN, "VACUUM (ANALYZE)", "CHECKPOINT"))


def _load(connection: psycopg.Connection, table: str, statement: str) -> None:
    keys = connection.execute(_KEYS, (table,)).fetchall()
    indexes = connection.execute(_INDEXES, (table,)).fetchall()
    dropped = [f"ALTER TABLE {table} DROP CONSTRAINT {name}" for name, _ in keys]
    dropped += [f"DROP INDEX {name}" for name, _ in indexes]
    made = [f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}" for name, definition in keys]
    _said(
        connection, table, (*dropped, statement, *made, *(definition for _, definition in indexes), f"ANALYZE {table}")
    )


def _said(connection: psycopg.Connection, name: str, statements: Sequence[str]) -> None:
    began, rows = time.perf_counter(), 0
    for statement in statements:
        rows = max(rows, connection.execute(statement).rowcount)  # type: ignore[call-overload]
    sys.stderr.write(f"  {name}: {max(rows, 0):,} rows, {time.perf_counter() - began:.0f} s\n")
    sys.stderr.flush()
