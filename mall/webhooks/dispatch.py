"""Sending what is due: taken under a lease, sent outside any transaction, booked afterwards.

Whoever dies between two steps has lost nothing: the lease ends, and the message goes out again with the same
``webhook-id``. Many are under way at once, few for one endpoint, one for an endpoint that is slow or fails: so no
receiver holds up another. Messages of one subject go to an endpoint one after the other, in their order.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from mall import clock
from mall.db import Login, cursor, run_tx
from mall.errors import Unavailable
from mall.webhooks.delivery import WHOLE_SECONDS, Answer, Message, send
from mall.webhooks.endpoints import FAILING, OFF, private_allowed, report, withdraw
from mall.webhooks.models import DeliveryState, WebhookDelivery, WebhookEndpoint
from mall.webhooks.outcome import OFF_AFTER, Judged, judge
from mall.webhooks.shared_secret import secrets_of

log = structlog.get_logger("mall.webhooks")

AT_ONCE = 32
FOR_ONE = 4
"""How many messages are under way to one endpoint."""
SLOW_MS = 3000
LEASE = timedelta(minutes=2)
"""How long whoever sends has before somebody else may: longer than the longest attempt."""
IDLE_SECONDS = 1.0
AFTER_TROUBLE_SECONDS = 5.0
LAST_WAIT_SECONDS = WHOLE_SECONDS + 5
CLAIM_LOCK = 7321
"""Advisory lock of whoever takes what is due, so that endpoints' limits hold over all workers."""

# forced: a test, which asks neither whether the endpoint is switched on nor what goes before.
_CLAIM = """WITH places AS (
  SELECT e.id, e.active AND c.disabled_at IS NULL AS is_open,
   greatest(0, CASE WHEN e.failing_since IS NULL AND coalesce(e.last_ms, 0) < %(slow)s THEN %(for_one)s ELSE 1 END
    - (SELECT count(*) FROM webhook_deliveries AS b
       WHERE b.endpoint_id = e.id AND b.state = 'waiting' AND b.leased_until > %(now)s)) AS free
  FROM webhook_endpoints AS e LEFT JOIN api_clients AS c ON c.id = e.client_id),
 due AS MATERIALIZED (
  SELECT d.id, row_number() OVER (ORDER BY d.next_at, d.place) AS turn FROM places AS p CROSS JOIN LATERAL (
   SELECT w.id, w.next_at, w.place FROM webhook_deliveries AS w
   WHERE w.endpoint_id = p.id AND w.state = 'waiting' AND w.next_at <= %(now)s
    AND (w.leased_until IS NULL OR w.leased_until <= %(now)s) AND (p.is_open OR w.forced)
    AND (w.forced OR w.subject IS NULL OR NOT EXISTS (SELECT 1 FROM webhook_deliveries AS b
     WHERE b.endpoint_id = w.endpoint_id AND b.subject = w.subject AND b.state = 'waiting' AND b.place < w.place))
   ORDER BY w.next_at, w.place LIMIT p.free) AS d
  ORDER BY turn LIMIT %(most)s)
 UPDATE webhook_deliveries AS w SET attempts = w.attempts + 1, leased_until = %(until)s
 FROM due WHERE w.id = due.id RETURNING due.turn, w.id, w.endpoint_id, w.attempts, w.message_id, w.body, w.forced"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message to send now, and what is needed to book its answer."""

    delivery_id: str
    endpoint_id: str
    attempts: int
    forced: bool
    message: Message
    secrets: list[str]


def claim(tx: Session, most: int, now: datetime) -> list[Claimed]:
    """Take up to ``most`` deliveries that are due, for two minutes. None while another worker takes its own."""
    if not tx.execute(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": CLAIM_LOCK}).scalar_one():
        return []
    values = {"now": now, "until": now + LEASE, "most": most, "for_one": FOR_ONE, "slow": SLOW_MS}
    rows = sorted(cursor(tx).execute(_CLAIM, values).fetchall())
    query = select(WebhookEndpoint).where(WebhookEndpoint.id.in_({row[2] for row in rows}))
    known = {one.id: one for one in tx.scalars(query)} if rows else {}
    secrets = {one.id: secrets_of(one, now) for one in known.values()}
    return [
        Claimed(found, endpoint, attempts, forced, Message(known[endpoint].url, message, body.encode()),
                secrets[endpoint])
        for _turn, found, endpoint, attempts, message, body, forced in rows
    ]  # fmt: skip


def settle(tx: Session, claimed: Claimed, answer: Answer, ms: int, now: datetime) -> None:
    """Book an answer. The endpoint or the delivery may be gone meanwhile, or taken by somebody after the lease."""
    endpoint = tx.get(WebhookEndpoint, claimed.endpoint_id, with_for_update={"key_share": True})
    delivery = tx.get(WebhookDelivery, claimed.delivery_id, with_for_update=True)
    if endpoint is None or delivery is None or delivery.state != DeliveryState.WAITING:
        return
    judged = judge(answer, claimed.attempts, now, once=claimed.forced)
    if delivery.attempts != claimed.attempts and not judged.delivered:
        return  # whoever has it now says what became of it
    delivery.last_at, delivery.answer, delivery.ms = now, answer.in_short, ms
    delivery.leased_until, delivery.next_at = None, judged.at
    if judged.delivered:
        delivery.state, delivery.delivered_at = DeliveryState.DELIVERED.value, now
    elif judged.at is None:
        delivery.state = DeliveryState.FAILED.value
    _note(tx, endpoint, answer, judged, ms, now, forced=claimed.forced)
    tx.flush()


def _note(
    tx: Session, endpoint: WebhookEndpoint, answer: Answer, judged: Judged, ms: int, now: datetime, *, forced: bool
) -> None:
    """What an answer says of the endpoint's health. A test that fails says nothing that staff do not see."""
    endpoint.last_answer, endpoint.last_ms = answer.in_short, ms
    if judged.delivered:
        endpoint.last_success_at, endpoint.failing_since = now, None
        if endpoint.active:
            withdraw(tx, endpoint, now)
        return
    if forced:
        return
    endpoint.failing_since = endpoint.failing_since or now
    if not endpoint.active:
        return
    if judged.gone or now - endpoint.failing_since >= OFF_AFTER:
        endpoint.active, endpoint.off_reason = False, "gone" if judged.gone else "failing"
        report(tx, endpoint, OFF, now)
    elif judged.at is None and endpoint.told_at is None:
        report(tx, endpoint, FAILING, now)


@dataclass(slots=True)
class _Flights:
    """Messages under way. One thread claims and books; those of the pool only send."""

    pool: ThreadPoolExecutor
    moment: Callable[[], datetime]
    flying: dict[Future[tuple[Answer, int]], Claimed] = field(default_factory=dict)

    def start(self) -> int:
        """Send what is due and finds room; returns how many."""
        room = AT_ONCE - len(self.flying)
        if room <= 0:
            return 0
        now, private = self.moment(), private_allowed()
        due = run_tx(Login.BACKOFFICE, lambda tx: claim(tx, room, now))
        for one in due:
            self.flying[self.pool.submit(_timed, one, now, private)] = one
        return len(due)

    def land(self, seconds: float | None) -> None:
        """Book what has come back, waiting ``seconds`` for the first (None: however long it takes)."""
        done, _flying = wait(self.flying, timeout=seconds, return_when=FIRST_COMPLETED)
        for future in done:
            claimed, (answer, ms) = self.flying[future], future.result()
            now = self.moment()
            try:
                run_tx(
                    Login.BACKOFFICE,
                    lambda tx, one=claimed, said=answer, took=ms, at=now: settle(tx, one, said, took, at),  # type: ignore[misc]
                )
            except Unavailable:  # it stays, and is booked when the database is back
                raise
            except Exception:  # its lease ends, and it is sent again
                log.exception("answer not booked", delivery=claimed.delivery_id)
            del self.flying[future]


def _timed(claimed: Claimed, now: datetime, private: bool) -> tuple[Answer, int]:
    began = time.perf_counter()
    answer = send(claimed.message, claimed.secrets, now, private=private)
    return answer, round((time.perf_counter() - began) * 1000)


def send_due(now: datetime) -> int:
    """Send everything that is due at ``now`` and book the answers; returns how many attempts that took."""
    sent = 0
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhook") as pool:
        flights = _Flights(pool, lambda: now)
        while True:
            sent += flights.start()
            if not flights.flying:
                return sent
            flights.land(None)


def send_until(app: Flask, stop: threading.Event) -> None:
    """Send what becomes due until ``stop``; what is under way then is waited for."""
    with app.app_context(), ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhook") as pool:
        flights = _Flights(pool, clock.now)
        while not stop.is_set():
            pause = IDLE_SECONDS
            try:
                flights.land(0)
                flights.start()
                if flights.flying:
                    flights.land(IDLE_SECONDS)
                    pause = 0.0
            except Unavailable:  # the worker itself says so
                pause = AFTER_TROUBLE_SECONDS
            except Exception:
                log.exception("webhooks not sent")
                pause = AFTER_TROUBLE_SECONDS
            stop.wait(pause)
        _finish(flights)


def _finish(flights: _Flights) -> None:
    ends = time.monotonic() + LAST_WAIT_SECONDS
    try:
        while flights.flying and (left := ends - time.monotonic()) > 0:
            flights.land(left)
    except Unavailable:
        log.warning("answers not booked", messages=len(flights.flying))
