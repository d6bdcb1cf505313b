"""Headers of every answer: request id, strict CSP with a nonce, and the rest of the usual guard.

The policy allows nothing inline but scripts that carry this answer's nonce, and nothing from elsewhere.
"""

from __future__ import annotations

import re
import secrets

from flask import Flask, Response, g, request
from werkzeug.exceptions import NotFound

from mall.ids import new_id

_GIVEN_ID = re.compile(r"[A-Za-z0-9_.-]{8,64}")


def csp_nonce() -> str:
    """This answer's nonce for ``<script nonce=…>``."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    nonce: str = g.csp_nonce
    return nonce


def _begin() -> None:
    given = request.headers.get("Request-Id", "")
    g.request_id = given if _GIVEN_ID.fullmatch(given) else new_id("req")
    if "\0" in request.path:  # no id holds one, and PostgreSQL refuses it: as if no route had matched
        request.url_rule, request.view_args = None, None
        request.routing_exception = NotFound()


def _finish(response: Response) -> Response:
    headers = response.headers
    headers["Request-Id"] = g.get("request_id", "")
    headers["X-Content-Type-Options"] = "nosniff"
    headers.setdefault("Referrer-Policy", "same-origin")  # pages with a secret in their address say less
    headers["X-Frame-Options"] = "DENY"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    # A page that needs the camera says so itself: the desk, for the codes of pickups.
    headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
    nonce = f" 'nonce-{g.csp_nonce}'" if "csp_nonce" in g else ""
    headers.setdefault(
        "Content-Security-Policy",
        f"default-src 'self'; script-src 'self'{nonce}; style-src 'self'; img-src 'self' data:; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    )
    if request.is_secure:
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    if request.path.startswith("/api/"):
        headers.setdefault("Cache-Control", "no-store")
        headers["Vary"] = "Accept-Language, Authorization, Cookie"
    elif response.mimetype == "text/html":
        headers.setdefault("Cache-Control", "private, no-cache")
        headers["Vary"] = "Accept-Language, Cookie"
    return response


def init_app(app: Flask) -> None:
    """Give every answer its headers, every template ``csp_nonce()``."""
    app.before_request(_begin)
    app.after_request(_finish)
    app.jinja_env.globals["csp_nonce"] = csp_nonce
