"""Each request that was answered, told once to all who keep count of it: the log, the metrics, the log of clients."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, g, request

Listener = Callable[["Answered"], None]
_LISTENERS = "answered"


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


def on_answered(app: Flask, listener: Listener) -> None:
    """Tell ``listener`` of each answer. It must not raise, nor wait."""
    app.extensions.setdefault(_LISTENERS, []).append(listener)


def init_app(app: Flask) -> None:
    """Take the time of every request, and tell of it."""
    listeners: list[Listener] = app.extensions.setdefault(_LISTENERS, [])

    def begin() -> None:
        g.began = time.perf_counter()

    def tell(response: Response) -> Response:
        asked, noted = request._get_current_object(), g._get_current_object()  # type: ignore[attr-defined]
        rule, now = asked.url_rule, time.perf_counter()
        answered = Answered(
            asked.method, asked.path, rule.rule if rule else None, response.status_code, now - noted.get("began", now),
            noted.get("request_id", ""), noted.get("principal"), noted.get("refused_client"),
        )  # fmt: skip
        for listener in listeners:
            listener(answered)
        return response

    app.before_request(begin)
    app.after_request(tell)
