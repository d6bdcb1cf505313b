"""``/livez`` (the process answers) and ``/readyz`` (send it work)."""

from __future__ import annotations

import time
from pathlib import Path

from flask import Blueprint, Response, current_app
from sqlalchemy import text

from mall.db import Login, run_tx
from mall.errors import MallError
from mall.http.principals import PUBLIC

DRAIN_FILE = "draining"
"""While this file is under ``MALL_VAR`` the installation is going down: no new work, please."""
DRAIN_LASTS_SECONDS = 120
"""Longer than any drain takes. An older file was left by a server that was killed, and says nothing."""

health = Blueprint("health", __name__)


def _say(word: str, status: int = 200) -> Response:
    response = Response(word + "\n", status=status, content_type="text/plain")
    response.headers["Cache-Control"] = "no-store"
    if status == 503:
        response.headers["Retry-After"] = "5"
    return response


def _draining(file: Path) -> bool:
    try:
        return time.time() - file.stat().st_mtime < DRAIN_LASTS_SECONDS
    except OSError:
        return False


def livez() -> Response:
    """The process answers; nothing else is touched."""
    return _say("ok")


def readyz() -> Response:
    """PostgreSQL answers and the server is not going down. Redis is not needed."""
    if _draining(current_app.extensions["settings"].var / DRAIN_FILE):
        return _say("draining", 503)
    try:
        run_tx(Login.EARNING, lambda tx: tx.execute(text("SELECT 1")).scalar_one())
    except MallError:
        return _say("database unavailable", 503)
    return _say("ok")


for _view in (livez, readyz):
    _view.auth = PUBLIC  # type: ignore[attr-defined]
    health.add_url_rule(f"/{_view.__name__}", _view.__name__, _view)
