"""Fixtures of the suite: a real PostgreSQL and Redis for each test worker, emptied between tests."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextvars import Context
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import flask_migrate
import pytest
from audit_words import audit_has_words
from flask import Flask
from flask.testing import FlaskClient
from people import make_client, make_member, make_staff
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from mall.app import create_app
from mall.db import Login, engine, run_tx
from mall.settings import Settings
from tests.journeys.serving import shared_folder

__all__ = ["audit_has_words", "make_client", "make_member", "make_staff"]

T = TypeVar("T")

TEST_SECRET = "test-7f3c9a1e5b2d8460c1f7e3a95d0b6842"

# Tables that a new database is born with rows in are put back as they were; all others are emptied. What was not
# touched is left alone: an untouched table is empty, or its rows are as many and no younger than after the last time.
REMEMBER = """
CREATE SCHEMA seed;
CREATE TABLE seed.marks (name text PRIMARY KEY, mark text);
DO $$ DECLARE t record; filled boolean; body text := ''; whole text; kept text; mark text; BEGIN
 FOR t IN SELECT schemaname s, tablename n FROM pg_tables WHERE schemaname IN ('public','ledger','sources')
   AND tablename <> 'alembic_version' ORDER BY 1, 2 LOOP
  whole := format('%I.%I', t.s, t.n);
  EXECUTE format('SELECT EXISTS (SELECT 1 FROM %s)', whole) INTO filled;
  IF filled THEN
   kept := format('seed.%I', t.s || '__' || t.n);
   mark := format('SELECT count(*) || '' '' || coalesce(max(xmin::text::bigint), 0) FROM %s', whole);
   EXECUTE format('CREATE TABLE %s AS TABLE %s', kept, whole);
   body := body || format('IF (%s) IS DISTINCT FROM (SELECT mark FROM seed.marks WHERE name = %L) THEN DELETE FROM %s;
     INSERT INTO %s SELECT * FROM %s;
     INSERT INTO seed.marks SELECT %L, (%s) ON CONFLICT (name) DO UPDATE SET mark = excluded.mark; END IF;',
     mark, whole, whole, whole, kept, whole, mark);
  ELSE
   body := body || format('IF EXISTS (SELECT 1 FROM %s) THEN DELETE FROM %s; END IF;', whole, whole);
  END IF;
 END LOOP;
 EXECUTE format('CREATE FUNCTION seed.restore() RETURNS void LANGUAGE plpgsql AS %L', 'BEGIN ' || body || ' END');
END $$;
"""
RESTORE = """
SET LOCAL session_replication_role = replica;
SET LOCAL lock_timeout = '5s';
SELECT seed.restore();
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--ledger-runs N``: how many random lives the ledger's state machine leads; ``--replay-runs`` likewise."""
    parser.addoption("--ledger-runs", type=int, default=500, help="runs of the ledger's state machine")
    parser.addoption("--race-rounds", type=int, default=5, help="rounds of each race between orders, refunds and jobs")
    parser.addoption("--all-looks", action="store_true", help="every page in every look, not in a few")
    parser.addoption("--replay-runs", type=int, default=12, help="random histories replayed under each set of rules")


def pytest_configure() -> None:
    """Before xdist starts its processes: they are given the folder that they share."""
    shared_folder()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with long tests come first, then those that start servers: so that both workers end together."""
    marks: dict[Path, set[str]] = {}
    for item in items:
        marks.setdefault(item.path, set()).update(mark.name for mark in item.iter_markers())
    items.sort(key=lambda item: (not marks[item.path] & {"long"}, not marks[item.path] & {"browser", "crash", "fuzz"}))


@pytest.fixture(scope="session")
def settings() -> Iterator[Settings]:
    """Settings of this worker: stores of its own in a temporary folder, or ``TEST_DATABASE_URL``."""
    var = Path(tempfile.mkdtemp(prefix="mall-test-"))
    yield Settings(
        secret_key=TEST_SECRET,
        var=var,
        database_url=os.environ.get("TEST_DATABASE_URL"),
        redis_url=os.environ.get("TEST_REDIS_URL"),
        public_url="http://localhost",
        ratelimit_enabled=False,
        threads=32,
        testing=True,
    )
    shutil.rmtree(var, ignore_errors=True)


@pytest.fixture(scope="session")
def session_app(settings: Settings) -> Iterator[Flask]:
    """The app, its database migrated."""
    app = create_app(settings)
    app.test_client_class = FreshClient
    with app.app_context():
        if settings.database_url is None:  # a cluster of our own: nothing in it outlives the run
            with engine(Login.OWNER).connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("ALTER SYSTEM SET fsync = off"))
                connection.execute(text("SELECT pg_reload_conf()"))
        flask_migrate.upgrade()
        with engine(Login.OWNER).begin() as connection:
            connection.execute(text("DROP SCHEMA IF EXISTS seed CASCADE"))
            connection.execute(text(REMEMBER))
    yield app
    stores = app.extensions.get("stores")
    if stores is not None:
        stores.stop()


class FreshClient(FlaskClient):
    """A client whose every request starts without the test's own application context, as in a server."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        """Send a request in an empty context (``with client:`` keeps the request's own, as Flask documents)."""
        if self.preserve_context:
            return super().open(*args, **kwargs)
        return Context().run(super().open, *args, **kwargs)


@pytest.fixture(scope="session")
def restore(session_app: Flask) -> Iterator[Callable[[], None]]:
    """Makes the database as new, over a connection of its own that keeps its plans."""
    kept: list[Connection] = []

    def restored() -> None:
        if not kept:
            with session_app.app_context():
                kept.append(engine(Login.OWNER).connect())
        with kept[0].begin():
            kept[0].execute(text(RESTORE))

    def work() -> None:
        try:
            restored()
        except OperationalError:  # a test took the database away for a while
            kept.pop().close()
            restored()

    yield work
    for connection in kept:
        connection.close()


@pytest.fixture
def app(session_app: Flask, restore: Callable[[], None]) -> Iterator[Flask]:
    """The app with an application context, on a database as new."""
    restore()
    with session_app.app_context():
        yield session_app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser or program without credentials."""
    return app.test_client()


@pytest.fixture
def unguarded(session_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forms are taken without a CSRF token, for tests that are about something else."""
    monkeypatch.setitem(session_app.config, "WTF_CSRF_ENABLED", False)


@pytest.fixture
def now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


@pytest.fixture
def run(app: Flask) -> Callable[[Login, Callable[[Session], T]], T]:
    """``run(Login.EARNING, lambda tx: …)``: one transaction, also from a thread."""

    def in_context(login: Login, work: Callable[[Session], Any]) -> Any:
        with app.app_context():
            return run_tx(login, work)

    return in_context
