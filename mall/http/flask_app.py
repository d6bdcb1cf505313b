"""Flask without what every request would pay for and this house never needs (docs/adr/0012)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, Request, Response
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_compress import Compress
from itsdangerous import URLSafeTimedSerializer
from werkzeug.routing import MapAdapter
from werkzeug.wsgi import get_host


class CookieSessions(SecureCookieSessionInterface):
    """Flask's sessions in a signed cookie; who sends no cookie at all is not asked for one."""

    def __init__(self) -> None:
        self._signer: URLSafeTimedSerializer | None = None

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Flask's, made once: the key of a running app does not change."""
        if self._signer is None:
            self._signer = super().get_signing_serializer(app)
        return self._signer

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session of the cookie, or a new one."""
        if "HTTP_COOKIE" not in request.environ:
            return self.session_class()
        return super().open_session(app, request)


class Compression(Compress):
    """Flask-Compress, which reads four headers of an answer before it leaves a refusal as it is."""

    def after_request(self, response: Response | None) -> Response:
        """The answer, made smaller where it was asked for and worth it."""
        if response is not None and response.status_code >= 300:
            return response
        answered: Response = super().after_request(response)
        return answered


class FlaskApp(Flask):
    """The app of the roof."""

    def __init__(self, *names: Any, **options: Any) -> None:
        super().__init__(*names, **options)
        self.session_interface = CookieSessions()

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Flask's, for an app whose routes depend neither on the host nor on the server's own name."""
        if request is None or self.config["SERVER_NAME"] is not None or self.config["TRUSTED_HOSTS"] is not None:
            return super().create_url_adapter(request)
        request.host = get_host(request.environ)
        return self.url_map.bind(
            request.host, request.root_path, "", request.scheme, request.method, request.path,
            query_args=request.query_string.decode("utf-8", "replace"),
        )  # fmt: skip

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """``func`` itself: nothing here is a coroutine, and Flask would ask that of 20 functions a request."""
        return func
