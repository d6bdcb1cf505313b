"""Structured logs: one JSON line to stderr for each request and each thing worth knowing.

No personal data: neither addresses nor ids of people, no query strings, no bodies; the route's template
stands for the path, and of what the database refuses only its kind is told, not the values.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import MutableMapping
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any

import psycopg
import structlog
from flask import Flask
from sqlalchemy.exc import DBAPIError

from mall.http.answered import Answered, on_answered

QUIET = ("/livez", "/readyz", "/metrics", "/static/", "/pictures/")

LONGEST_WORDS = 500
"""Characters of an exception's message that are kept."""
BAD_DATA = "22"
"""SQLSTATE class: data exception."""

log = structlog.get_logger("mall.access")
_ACCESS = logging.getLogger("mall.access")
_as_json = json.JSONEncoder(ensure_ascii=False).encode


def in_short(error: BaseException) -> str:
    """An exception in one line without the values that PostgreSQL and SQLAlchemy put into their messages."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(cause, psycopg.Error):
        return f"{type(error).__qualname__}: {error}"[:LONGEST_WORDS]
    told = cause.diag.constraint_name or cause.diag.message_primary or ""
    if (cause.sqlstate or "").startswith(BAD_DATA):  # quotes what was sent
        told = ""
    return f"{type(cause).__qualname__} {cause.sqlstate or 'no connection'} {told}".strip()[:LONGEST_WORDS]


def _story(error: BaseException | None) -> str:
    """A traceback with all its causes, each in short."""
    parts = []
    while error is not None:
        parts.append("".join(traceback.format_tb(error.__traceback__)) + in_short(error))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\nwhich led to\n".join(reversed(parts))


def _tell_exception(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    found = event.pop("exc_info", None)
    if found:
        error = found if isinstance(found, BaseException) else sys.exc_info()[1] if found is True else found[1]
        if error is not None:
            event["exception"] = _story(error)
    return event


def configure() -> logging.StreamHandler[Any]:
    """Send structlog's and the standard library's records to stderr as JSON lines; by this handler."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _tell_exception,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for noisy in ("alembic", "flask-limiter", "granian.access", "_granian"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    return handler


class AccessLine:
    """Writes the line of a request as the handler would, without the machinery that takes most of its time."""

    def __init__(self, handler: logging.StreamHandler[Any]) -> None:
        self._handler = handler

    def info(self, event: str, **told: Any) -> None:
        """One line of JSON."""
        if not _ACCESS.isEnabledFor(logging.INFO):
            return
        at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        line = _as_json({**told, "event": event, "level": "info", "logger": "mall.access", "timestamp": at})
        with self._handler.lock or nullcontext():
            self._handler.stream.write(line + "\n")
            self._handler.stream.flush()


def init_app(app: Flask) -> None:
    """Log every request. Under test only what fails."""
    line = log if app.testing else AccessLine(configure())

    def tell(answered: Answered) -> None:
        if not answered.path.startswith(QUIET):
            line.info(
                "request",
                request_id=answered.request_id,
                method=answered.method,
                route=answered.route,
                status=answered.status,
                ms=round(answered.seconds * 1000, 1),
            )

    on_answered(app, tell)
