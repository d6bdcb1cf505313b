"""The log of what reporting systems ask: method, route, status, time; never a body, an address or a path's values.

A request only leaves a line in memory; a thread of the process writes what has gathered every two seconds, in one
statement over a connection of its own. What that costs and what may be lost: docs/adr/0008.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.util import Finalize
from typing import Any

import structlog
from flask import Flask
from flask_babel import gettext as _
from prometheus_client import Counter
from sqlalchemy import BigInteger, Identity, Index, SmallInteger, Text, func, literal, select, text, tuple_
from sqlalchemy.orm import Mapped, Session, mapped_column

from mall.clock import hour_of
from mall.db import Base, IdText, Login, cursor, run_tx
from mall.errors import Invalid, Unavailable
from mall.http.answered import Answered, on_answered
from mall.http.fields import parse_instant
from mall.http.pagination import decode_cursor, page_of
from mall.http.principals import ClientPrincipal
from mall.jobs import job

EVERY_SECONDS = 2.0
MOST_WAITING = 20_000
"""Lines that one process keeps while the database is away; of more, the oldest are dropped and counted."""
AT_ONCE = 5_000
KEPT = timedelta(days=30)
FORGOTTEN_AT_ONCE = 20_000
STOPS_BEFORE_STORES = 10
"""Finalizers run from high to low: the last lines are written before the stores of the process are left (0)."""
OUTCOMES = ("ok", "refused", "failed")

DROPPED = Counter("mall_request_log_dropped_total", "Requests of reporting systems that the log has no line of")
log = structlog.get_logger("mall.request_log")

Line = tuple[float, str, str, str, int, float, str]


class ApiRequest(Base):
    """One request of a reporting system. ``route`` is the route's template; ``ms``: the time it took, in 0.1 ms."""

    __tablename__ = "api_requests"
    __table_args__ = (
        Index("ix_api_requests_client_id_at", "client_id", "at", "id"),
        Index("ix_api_requests_at", "at", postgresql_using="brin"),
        Index("ix_api_requests_wrong", "client_id", "at", "id", "status", postgresql_where=text("status >= 400")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime]
    client_id: Mapped[str] = mapped_column(IdText)
    method: Mapped[str] = mapped_column(Text)
    route: Mapped[str] = mapped_column(Text)
    status: Mapped[int] = mapped_column(SmallInteger)
    tenths_ms: Mapped[int] = mapped_column(BigInteger)
    request_id: Mapped[str] = mapped_column(Text)

    @property
    def ms(self) -> float:
        """Milliseconds."""
        return self.tenths_ms / 10

    @property
    def told_at(self) -> datetime:
        """The moment as staff read it: of a call that changed something its hour only.

        The mall is quiet at times: beside a member's statement, the minute would say whose credit came from where,
        and reading that needs a reason and leaves an entry. What was refused or failed is told to the second.
        """
        return hour_of(self.at) if self.status < 400 and self.method != "GET" else self.at


@dataclass(frozen=True, slots=True)
class Calls:
    """How often a client has called: all, refused (4xx), failed (5xx), and when last."""

    all: int
    refused: int
    failed: int
    last_at: datetime | None


class RequestLog:
    """The lines of one process that are not written yet, and the thread that writes them."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._lines: deque[Line] = deque()
        self._started: threading.Thread | None = None
        self._starting = threading.Lock()

    def note(self, line: Line) -> None:
        """Keep a line until it is written. Never waits, never raises."""
        if len(self._lines) >= MOST_WAITING:
            self._lines.popleft()
            DROPPED.inc()
        self._lines.append(line)
        if self._started is None and not self._app.testing:
            self._start()

    def flush(self) -> int:
        """Write what has gathered; returns how many lines. Raises Unavailable with nothing lost."""
        written = 0
        while self._lines:
            batch = [self._lines.popleft() for _ in range(min(AT_ONCE, len(self._lines)))]
            try:
                with self._app.app_context():
                    run_tx(Login.BACKOFFICE, lambda tx, batch=batch: _write(tx, batch))  # type: ignore[misc]
            except Unavailable:
                self._lines.extendleft(reversed(batch))
                raise
            written += len(batch)
        return written

    def _start(self) -> None:
        with self._starting:  # in the worker process, not in the one it was forked from
            if self._started is None:
                self._started = threading.Thread(target=self._work, name="request-log", daemon=True)
                self._started.start()
                Finalize(None, self._last, exitpriority=STOPS_BEFORE_STORES)

    def _work(self) -> None:
        while True:
            time.sleep(EVERY_SECONDS)
            self._last()

    def _last(self) -> None:
        try:
            self.flush()
        except Unavailable:
            return  # the database is away: the lines wait
        except Exception:
            log.exception("request log not written")


_INSERT = """INSERT INTO api_requests (at, client_id, method, route, status, tenths_ms, request_id)
 SELECT to_timestamp(n.at), n.client_id, n.method, n.route, n.status, n.tenths_ms, n.request_id
 FROM unnest(%s::float8[], %s::text[], %s::text[], %s::text[], %s::int2[], %s::int8[], %s::text[])
 AS n(at, client_id, method, route, status, tenths_ms, request_id)"""


def _write(tx: Session, batch: Sequence[Line]) -> None:
    cursor(tx).execute(_INSERT, [list(column) for column in zip(*batch, strict=True)])


def init_app(app: Flask) -> None:
    """Note every request of a reporting system, those with a key that no longer works too."""
    kept = app.extensions["request_log"] = RequestLog(app)

    def note(answered: Answered) -> None:
        caller = answered.principal
        client_id = answered.refused_client or (caller.client_id if isinstance(caller, ClientPrincipal) else None)
        if client_id is not None:
            kept.note((time.time(), client_id, answered.method, answered.route or "", answered.status,
                       round(answered.seconds * 10_000), answered.request_id))  # fmt: skip

    on_answered(app, note)


_ORDER = (ApiRequest.at, ApiRequest.id)
"""Processes write one after the other what they answered side by side: ids alone are not in order."""


def requests_page(
    tx: Session, client_id: str, outcome: str | None, limit: int, cursor_text: str | None
) -> dict[str, Any]:
    """Requests of a client, newest first. Raises Invalid for a cursor that is not ours."""
    query = (
        select(ApiRequest)
        .where(ApiRequest.client_id == client_id)
        .order_by(*(column.desc() for column in _ORDER))
        .limit(limit + 1)
    )
    if outcome is not None:
        low, high = {"ok": (100, 399), "refused": (400, 499), "failed": (500, 599)}[outcome]
        query = query.where(ApiRequest.status.between(low, high))
        if low >= 400:
            query = query.where(text("status >= 400"))  # the index's condition
    seen = decode_cursor(cursor_text, str, int)
    if seen is not None:
        moment = parse_instant(seen[0])
        if moment is None:
            raise Invalid({"cursor": [_("This cursor is not valid.")]})
        query = query.where(tuple_(*_ORDER) < tuple_(literal(moment), literal(seen[1])))
    return page_of(tx.scalars(query).all(), limit, lambda row: (row.at.isoformat(), row.id))


def calls_since(tx: Session, since: datetime) -> dict[str, Calls]:
    """Calls of every client since a moment, by client id."""
    refused = func.count().filter(ApiRequest.status.between(400, 499))
    failed = func.count().filter(ApiRequest.status >= 500)
    asked = select(ApiRequest.client_id, func.count(), refused, failed, func.max(ApiRequest.at))
    rows = tx.execute(asked.where(ApiRequest.at >= since).group_by(ApiRequest.client_id))
    return {client_id: Calls(every, no, broken, last) for client_id, every, no, broken, last in rows}


_OLDEST = text(
    """DELETE FROM api_requests WHERE id IN (SELECT id FROM
 (SELECT id, at FROM api_requests ORDER BY id LIMIT :most) AS o WHERE o.at < :before)"""
)


@job("forget-api-requests", every=timedelta(hours=1))
def forget_requests(now: datetime) -> dict[str, int]:
    """Delete lines older than 30 days, the oldest first, in portions."""
    gone = 0
    while True:
        values = {"most": FORGOTTEN_AT_ONCE, "before": now.astimezone(UTC) - KEPT}
        done = run_tx(Login.BACKOFFICE, lambda tx, values=values: tx.execute(_OLDEST, values).rowcount)  # type: ignore[attr-defined,misc]
        gone += done
        if done < FORGOTTEN_AT_ONCE:
            return {"forgotten": gone} if gone else {}
