"""Each request that was answered, told once to all who keep count of it: the log, the metrics, the log of clients."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, g

from mall.proxies import this_request

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Listener = Callable[["Answered"], None]
_LISTENERS = "answered"
_BEGAN = "mall.began"
"""Where the environment of a request keeps when it came."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A request and what became of it. ``route``: the template of its address, None where none matched; ``seconds``:
    the time it took; ``principal``: who called, None where nobody asked that."""

    method: str
    path: str
    route: str | None
    status: int
    seconds: float
    request_id: str
    principal: Any
    refused_client: str | None


class Timed:
    """Notes when a request began."""

    def __init__(self, wsgi_app: WSGIApplication) -> None:
        self._wsgi_app = wsgi_app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """WSGI."""
        environ[_BEGAN] = time.perf_counter()
        return self._wsgi_app(environ, start_response)


def on_answered(app: Flask, listener: Listener) -> None:
    """Tell ``listener`` of each answer. It must not raise, nor wait."""
    app.extensions.setdefault(_LISTENERS, []).append(listener)


def init_app(app: Flask) -> None:
    """Take the time of every request, and tell of it."""
    listeners: list[Listener] = app.extensions.setdefault(_LISTENERS, [])

    def tell(response: Response) -> Response:
        asked, noted = this_request(), vars(g._get_current_object())  # type: ignore[attr-defined]
        rule, now = asked.url_rule, time.perf_counter()
        seconds = now - asked.environ.get(_BEGAN, now)
        answered = Answered(
            asked.method, asked.path, rule.rule if rule else None, response.status_code, seconds,
            noted.get("request_id", ""), noted.get("principal"), noted.get("refused_client"),
        )  # fmt: skip
        for listener in listeners:
            listener(answered)
        return response

    app.after_request(tell)
    app.wsgi_app = Timed(app.wsgi_app)  # type: ignore[method-assign]
