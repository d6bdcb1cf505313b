"""Headers of every answer: request id, strict CSP with a nonce, and the rest of the usual guard.

The policy allows nothing inline but scripts that carry this answer's nonce, and nothing from elsewhere.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, g, request
from werkzeug.exceptions import NotFound

from mall.ids import new_id

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_ID = "mall.request_id"
"""Where the environment of a request keeps its id."""
_GIVEN_ID = re.compile(r"[A-Za-z0-9_.-]{8,64}")


def csp_nonce() -> str:
    """This answer's nonce for ``<script nonce=…>``."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    nonce: str = g.csp_nonce
    return nonce


def _begin() -> None:
    environ = request.environ
    given = environ.get("HTTP_REQUEST_ID", "")
    g.request_id = environ[_ID] = given if _GIVEN_ID.fullmatch(given) else new_id("req")
    if "\0" in environ["PATH_INFO"]:  # no id holds one, and PostgreSQL refuses it: as if no route had matched
        request.url_rule, request.view_args = None, None
        request.routing_exception = NotFound()


def _finish(response: Response) -> Response:
    headers = response.headers
    if "csp_nonce" in g:
        headers.setdefault("Content-Security-Policy", _policy(f" 'nonce-{g.csp_nonce}'"))
    if request.path.startswith("/api/"):
        headers["Vary"] = "Accept-Language, Authorization, Cookie, Accept-Encoding"
    elif response.mimetype == "text/html":
        headers.setdefault("Cache-Control", "private, no-cache")
        headers["Vary"] = "Accept-Language, Cookie"
    return response


def _policy(nonce: str = "") -> str:
    return (
        f"default-src 'self'; script-src 'self'{nonce}; style-src 'self'; img-src 'self' data:; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


_UNLESS_SAID = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),  # pages with a secret in their address say less
    ("X-Frame-Options", "DENY"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    # A page that needs the camera says so itself: the desk, for the codes of pickups.
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()"),
    ("Content-Security-Policy", _policy()),
)
_OF_THE_API = (*_UNLESS_SAID, ("Cache-Control", "no-store"))
_SECURE = ("Strict-Transport-Security", "max-age=31536000; includeSubDomains")


class GuardedAnswers:
    """Puts the headers that are the same for all answers around the app, at a tenth of what Flask's headers cost."""

    def __init__(self, wsgi_app: WSGIApplication) -> None:
        self._wsgi_app = wsgi_app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """WSGI."""
        added = _OF_THE_API if environ["PATH_INFO"].startswith("/api/") else _UNLESS_SAID
        if environ["wsgi.url_scheme"] == "https":
            added = (*added, _SECURE)

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Callable[[bytes], object]:
            said = {name.lower() for name, _ in headers}
            headers += [pair for pair in added if pair[0].lower() not in said]
            headers.append(("Request-Id", environ.get(_ID, "")))
            return start_response(status, headers, *error)

        return self._wsgi_app(environ, start)


def init_app(app: Flask) -> None:
    """Give every answer its headers, every template ``csp_nonce()``."""
    app.before_request(_begin)
    app.after_request(_finish)
    app.wsgi_app = GuardedAnswers(app.wsgi_app)  # type: ignore[method-assign]
    app.jinja_env.globals["csp_nonce"] = csp_nonce
