"""How pages look to this reader, and where their styles, scripts and icons are.

Appearance lives in cookies, so it is there before anybody signs in and costs no query.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from flask import Flask, current_app, has_request_context, request, url_for
from werkzeug.wrappers import Response

THEMES: Final = ("auto", "light", "dark")
THEME_COOKIE: Final = "theme"
ELDERS_COOKIE: Final = "elders"
COOKIE_SECONDS: Final = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Looks:
    """``theme``: auto, light or dark. ``elders``: larger text (18 pixels and more), larger targets, more contrast;
    ``largest``: the same with text of 30 pixels."""

    theme: str = "auto"
    elders: bool = False
    largest: bool = False


def looks() -> Looks:
    """What this reader chose."""
    if not has_request_context():
        return Looks()
    theme = request.cookies.get(THEME_COOKIE, "auto")
    return looks_of(theme if theme in THEMES else "auto", request.cookies.get(ELDERS_COOKIE))


def looks_of(theme: str, elders: str | None) -> Looks:
    """The looks that a theme and a choice of elders' mode stand for: ``1`` is on, ``2`` with the largest text."""
    return Looks(theme, elders in ("1", "2"), elders == "2")


def set_looks(response: Response, chosen: Looks) -> None:
    """Remember the choice in the reader's browser for a year."""
    for name, value in ((THEME_COOKIE, chosen.theme), (ELDERS_COOKIE, _step(chosen))):
        if value and value != "auto":
            response.set_cookie(name, value, max_age=COOKIE_SECONDS, samesite="Lax", secure=request.is_secure)
        else:
            response.delete_cookie(name, samesite="Lax", secure=request.is_secure)


def _step(chosen: Looks) -> str:
    return ("2" if chosen.largest else "1") if chosen.elders else ""


@lru_cache(maxsize=256)
def _content_hash(path: Path, modified_ns: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10]


def asset(name: str) -> str:
    """The address of a static file with a hash of its content, so that browsers may keep it for ever.

    Raises FileNotFoundError for a file that is not there.
    """
    path = Path(current_app.static_folder or "") / name
    return url_for("static", filename=name, v=_content_hash(path, path.stat().st_mtime_ns))


def this_page() -> str:
    """The path to come back to from this page, for forms that change language or looks.

    The answer to a form may stand at an address that has no page of its own: then it is the page the form was on.
    """
    if request.method == "GET":
        return request.full_path.rstrip("?")
    adapter = current_app.create_url_adapter(request)
    if adapter is not None and adapter.test(request.path, method="GET"):
        return request.path
    came = urlsplit(request.referrer or "")
    return came.path + (f"?{came.query}" if came.query else "") if came.netloc == request.host and came.path else "/"


def init_app(app: Flask) -> None:
    """Give every template ``asset()``, ``this_page()`` and ``looks``."""
    app.jinja_env.globals["asset"] = asset
    app.jinja_env.globals["this_page"] = this_page
    app.context_processor(lambda: {"looks": looks()})
