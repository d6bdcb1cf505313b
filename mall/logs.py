"""Structured logs: one JSON line to stderr for each request and each thing worth knowing.

No personal data: neither addresses nor ids of people, no query strings, no bodies; the route's template
stands for the path.
"""

from __future__ import annotations

import logging
import sys
import time
from typing import Any

import structlog
from flask import Flask, Response, g, request

QUIET = ("/livez", "/readyz", "/metrics", "/static/", "/pictures/")

log = structlog.get_logger("mall.access")


def configure() -> None:
    """Send structlog's and the standard library's records to stderr as JSON lines."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
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


def _begin() -> None:
    g.began = time.perf_counter()


def _finish(response: Response) -> Response:
    if not request.path.startswith(QUIET):
        log.info(
            "request",
            request_id=g.get("request_id", ""),
            method=request.method,
            route=request.url_rule.rule if request.url_rule else None,
            status=response.status_code,
            ms=round((time.perf_counter() - g.get("began", time.perf_counter())) * 1000, 1),
        )
    return response


def init_app(app: Flask) -> None:
    """Log every request. Under test only what fails."""
    app.before_request(_begin)
    app.after_request(_finish)
    if not app.testing:
        configure()
