"""``/metrics`` for Prometheus: not public. Counted over all worker processes of this machine."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from functools import cache

from flask import Blueprint, Flask, Response, current_app, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
    values,
)
from sqlalchemy import text
from sqlalchemy.orm import Session

from mall.db import Login, run_tx
from mall.errors import Forbidden, Unavailable
from mall.http.answered import Answered, on_answered
from mall.http.principals import Auth
from mall.outbox import backlog

REQUESTS = Counter("mall_http_requests_total", "Requests answered", ["method", "route", "status"])
SECONDS = Histogram(
    "mall_http_request_seconds", "Time to answer, in seconds", ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)  # fmt: skip

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

metrics = Blueprint("metrics", __name__)
_figures: list[tuple[str, str, Login, Callable[[Session], float]]] = []


def figure(name: str, words: str, login: Login) -> Callable[[Callable[[Session], float]], Callable[[Session], float]]:
    """Register ``(tx) -> number`` to be read from the database by each look at /metrics."""

    def register(read: Callable[[Session], float]) -> Callable[[Session], float]:
        _figures.append((name, words, login, read))
        return read

    return register


@cache
def _counters(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    return REQUESTS.labels(method, route, str(status)), SECONDS.labels(route)


def _count(answered: Answered) -> None:
    method = answered.method if answered.method in METHODS else "other"
    requests, seconds = _counters(method, answered.route or "none", answered.status)
    requests.inc()
    seconds.observe(answered.seconds)


def _may_read() -> bool:
    token = current_app.extensions["settings"].metrics_token
    shown = request.headers.get("Authorization", "")
    if token is not None:
        return hmac.compare_digest(shown.encode(), f"Bearer {token}".encode())
    forwarded = any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP"))
    return request.remote_addr in ("127.0.0.1", "::1") and not forwarded


@figure("mall_outbox_backlog", "Outbox messages waiting", Login.BACKOFFICE)
def _waiting(tx: Session) -> float:
    return backlog(tx)


def _database_figures(registry: CollectorRegistry) -> None:
    for name, words, login, look in _figures:
        Gauge(name, words, registry=registry).set(run_tx(login, look))
    success = Gauge("mall_job_last_success_seconds", "Unix time of a job's last success", ["job"], registry=registry)

    def read(tx: Session) -> None:
        for name, moment in tx.execute(text("SELECT name, extract(epoch FROM last_success_at) FROM job_runs")):
            if moment is not None:
                success.labels(name).set(float(moment))

    run_tx(Login.BACKOFFICE, read)


def show() -> Response:
    """The figures of all processes. Only from this machine itself, or with METRICS_TOKEN."""
    if not _may_read():
        raise Forbidden("forbidden")
    registry = CollectorRegistry()
    if values.ValueClass.__name__ == "MmapedValue":
        multiprocess.MultiProcessCollector(registry)
    else:
        registry.register(REQUESTS)
        registry.register(SECONDS)
    up = Gauge("mall_database_up", "1 when PostgreSQL answers", registry=registry)
    try:
        _database_figures(registry)
        up.set(1)
    except Unavailable:
        up.set(0)
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


show.auth = Auth("metrics")  # type: ignore[attr-defined]
metrics.add_url_rule("/metrics", "show", show)


def init_app(app: Flask) -> None:
    """Count every request."""
    on_answered(app, _count)
