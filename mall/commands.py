"""Commands that need the database: a new embedded one is set up for them, what stands in the way is one line."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click
import flask_migrate
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from mall.db import Login, engine
from mall.errors import Unavailable

HEAD = Path(__file__).parent / "migrations" / "versions" / "HEAD"
_UNREACHABLE = "The database cannot be reached."
_OUTDATED = "The database is not set up for this version of the mall. Run: flask --app wsgi db upgrade"


class DatabaseGroup(AppGroup):
    """A group whose commands find the database set up."""

    def command(  # type: ignore[override]  # always called with brackets here
        self, *args: Any, **kwargs: Any
    ) -> Callable[[Callable[..., Any]], click.Command]:
        """As AppGroup's, and the database is looked at first."""

        def decorate(function: Callable[..., Any]) -> click.Command:
            command: click.Command = super(DatabaseGroup, self).command(*args, **kwargs)(with_database(function))
            return command

        return decorate


def with_database(function: Callable[..., Any]) -> Callable[..., Any]:
    """A command's function that runs once the database is ready; ends in one line when it cannot be."""

    @wraps(function)
    def ready(*args: Any, **kwargs: Any) -> Any:
        prepare_database()
        try:
            return function(*args, **kwargs)
        except Unavailable as error:
            raise click.ClickException(_UNREACHABLE) from error

    return ready


def prepare_database() -> None:
    """Set up an embedded database that is new. Raises ClickException for any other that is not at this version.

    An older embedded one may be in use by an older server at this moment: its operator upgrades it.
    """
    found = _version()
    if found is None and current_app.extensions["settings"].database_url is None:
        logging.getLogger("alembic").setLevel(logging.WARNING)
        flask_migrate.upgrade()
    elif found != HEAD.read_text(encoding="utf-8").strip():
        raise click.ClickException(_OUTDATED)


def _version() -> str | None:
    """The migration that the database is at; None for one without any."""
    try:
        with engine(Login.OWNER).connect() as connection:
            if connection.scalar(text("SELECT to_regclass('alembic_version')")) is None:
                return None
            found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
            return found
    except DBAPIError as error:
        raise click.ClickException(_UNREACHABLE) from error
