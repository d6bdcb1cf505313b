"""Answers of the API: a text that is all there, with headers that need no more work."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

BODYLESS = frozenset({204, 304})


class JsonAnswer(Response):
    """Sent as it stands. Werkzeug copies the headers of every response and looks through them for addresses to make
    whole, which none of these has (docs/adr/0012)."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """WSGI."""
        plain = self.status_code not in BODYLESS and environ["REQUEST_METHOD"] != "HEAD" and not self._on_close
        if not plain or not isinstance(self.response, list):
            return super().__call__(environ, start_response)
        start_response(self.status, self.headers.to_wsgi_list())
        return self.response
