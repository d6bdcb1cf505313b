"""Migrations: every one goes up and down, and together they make what the models say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import text

from mall.app import create_app
from mall.db import Base, Login, engine
from mall.settings import Settings


@pytest.fixture(scope="module")
def empty_app(session_app: Flask, settings: Settings) -> Iterator[Flask]:
    """An app on an empty database of its own in the same cluster."""
    url = session_app.config["SQLALCHEMY_BINDS"]["owner"]["url"].set(drivername="postgresql")
    with (
        session_app.app_context(),
        engine(Login.OWNER).connect().execution_options(isolation_level="AUTOCOMMIT") as owner,
    ):
        owner.execute(text("DROP DATABASE IF EXISTS migrations WITH (FORCE)"))
        owner.execute(text("CREATE DATABASE migrations"))
    fresh = url.set(database="migrations").render_as_string(hide_password=False)
    yield create_app(replace(settings, database_url=fresh, redis_url=session_app.extensions["redis_url"]))


def test_migrations_go_up_down_and_up_again(empty_app: Flask) -> None:
    with empty_app.app_context():
        flask_migrate.upgrade()
        flask_migrate.downgrade(revision="base")
        with engine(Login.OWNER).connect() as connection:
            left = connection.execute(
                text("SELECT count(*) FROM pg_tables WHERE schemaname IN ('ledger', 'sources', 'public')")
            ).scalar_one()
        assert left == 1  # alembic's own
        flask_migrate.upgrade()


def test_migrations_make_what_the_models_say(empty_app: Flask) -> None:
    with empty_app.app_context():
        flask_migrate.upgrade()
        with engine(Login.OWNER).connect() as connection:
            context = MigrationContext.configure(
                connection,
                opts={
                    "include_schemas": True,
                    "compare_type": True,
                    "include_name": lambda name, kind, _: (
                        kind != "schema" or name in (None, "ledger", "sources", "public")
                    ),
                },
            )
            assert compare_metadata(context, Base.metadata) == []
