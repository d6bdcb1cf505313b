"""From a fact to its deliveries: one row for each endpoint that asked for it, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import psycopg
from sqlalchemy.orm import Session

from mall.db import cursor
from mall.ids import new_id
from mall.webhooks.events import Fact, Listener, body_of, hears
from mall.webhooks.models import DeliveryState

Cursor = psycopg.Cursor[tuple]

_LISTENING = """FROM webhook_endpoints AS w LEFT JOIN api_clients AS c ON c.id = w.client_id
 WHERE w.active AND c.disabled_at IS NULL"""
_LISTENERS = f"SELECT w.id, w.client_id, w.events {_LISTENING} ORDER BY w.id"
IS_HEARD = f"""EXISTS (SELECT 1 {_LISTENING} AND w.events && '{{credit.booked,credit.reversed}}'::text[]
 AND (w.client_id IS NULL OR w.client_id = %s))"""
"""SQL: whether anybody wants credit events of a source. Part of a statement that is made anyway: nothing is cached, so
nothing is ever out of date, and no round trip is added."""
_QUEUE = """INSERT INTO webhook_deliveries (id, endpoint_id, message_id, type, subject, body, state, forced, attempts,
 next_at, created_at)
 SELECT n.id, n.endpoint_id, n.message_id, n.type, n.subject, n.body, %(state)s, %(forced)s, 0, %(now)s, %(now)s
 FROM unnest(%(ids)s::text[], %(endpoints)s::text[], %(messages)s::text[], %(types)s::text[], %(subjects)s::text[],
 %(bodies)s::text[]) WITH ORDINALITY AS n(id, endpoint_id, message_id, type, subject, body, place) ORDER BY n.place"""


def listeners(cur: Cursor) -> list[Listener]:
    """Endpoints that are told anything: switched on, and of a client that is not closed."""
    rows = cur.execute(_LISTENERS).fetchall()
    return [Listener(endpoint_id, client_id, frozenset(events)) for endpoint_id, client_id, events in rows]


def types_heard(tx: Session) -> frozenset[str]:
    """The types of events that somebody asked for."""
    return frozenset().union(*[one.events for one in listeners(cursor(tx))])


def tell(tx: Session, facts: Sequence[Fact], now: datetime) -> int:
    """Queue facts, in their order, for everybody who asked for them; returns how many deliveries that makes.

    An endpoint is told what it asked for at this moment: seconds after the fact, when the worker comes to it.
    """
    if not facts:
        return 0
    cur = cursor(tx)
    known = listeners(cur)
    wanted = [(fact, [one.endpoint_id for one in known if hears(one, fact)]) for fact in facts]
    return _queue(cur, [(fact, ids) for fact, ids in wanted if ids], now, forced=False)


def tell_one(tx: Session, endpoint_id: str, fact: Fact, now: datetime) -> str:
    """Queue a test for one endpoint, whether it is switched on or not; returns the id of the delivery."""
    delivery_id = new_id("dlv")
    _queue(cursor(tx), [(fact, [endpoint_id])], now, forced=True, ids=[delivery_id])
    return delivery_id


def _queue(
    cur: Cursor,
    wanted: Sequence[tuple[Fact, Sequence[str]]],
    now: datetime,
    *,
    forced: bool,
    ids: Sequence[str] | None = None,
) -> int:
    rows: list[tuple[str, str, str, str | None, str]] = []
    for fact, endpoint_ids in wanted:
        message_id, body = new_id("msg"), body_of(fact)
        rows += [(endpoint_id, message_id, fact.type, fact.subject, body) for endpoint_id in endpoint_ids]
    if not rows:
        return 0
    endpoints, messages, types, subjects, bodies = (list(column) for column in zip(*rows, strict=True))
    values = {
        "ids": list(ids) if ids else sorted([new_id("dlv") for _ in rows]), "endpoints": endpoints,
        "messages": messages, "types": types, "subjects": subjects, "bodies": bodies,
        "state": DeliveryState.WAITING.value, "forced": forced, "now": now,
    }  # fmt: skip
    cur.execute(_QUEUE, values)
    return len(rows)
