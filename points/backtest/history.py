"""Streaming the history of one kind of event out of the sources, in the order of booking."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import psycopg
from sqlalchemy.orm import Session

from mall.db import cursor
from mall.ids import new_id
from points.backtest.replay import Op
from points.earning.event_rows import CaseEvent

FETCH = 5000
MOST_SECONDS = 600
"""How long one statement may take: sorting a long history takes more than a request may."""

# An event reversed before places were kept is left out: nobody knows any more when it left.
_WANTED = """e.type = %(type)s AND e.occurred_at < %(until)s
 AND (e.reversed_at IS NULL OR e.reversal_seq IS NOT NULL)"""
_TOUCHED = """ AND e.case_key IN (SELECT t.case_key FROM sources.credit_events t
 WHERE t.type = %(type)s AND t.occurred_at >= %(since)s AND t.occurred_at < %(until)s)"""
_COLUMNS = """e.event_key, e.case_key, coalesce(m.alias_of, e.member_id) AS member, e.occurred_at, e.posted_at,
 e.facts, c.anchor_at"""
_JOINS = """sources.credit_events e JOIN sources.cases c ON c.case_key = e.case_key
 LEFT JOIN members m ON m.id = e.member_id"""
_HISTORY = """WITH reversals AS MATERIALIZED (SELECT e.case_key, max(e.reversal_seq) AS final
 FROM sources.credit_events e WHERE e.reversal_seq IS NOT NULL AND {wanted} GROUP BY e.case_key)
 SELECT false AS leaves, {columns}, e.arrival = c.arrivals AND r.case_key IS NULL AS last, e.seq AS place
 FROM {joins} LEFT JOIN reversals r ON r.case_key = e.case_key WHERE {wanted}
 UNION ALL
 SELECT true, {columns}, false, e.reversal_seq FROM {joins} WHERE e.reversal_seq IS NOT NULL AND {wanted}
 ORDER BY {order}"""
_COUNT = """SELECT count(*) + count(*) FILTER (WHERE e.reversal_seq IS NOT NULL) FROM sources.credit_events e
 WHERE {wanted}"""
_REMAINING = """SELECT e.event_key, e.occurred_at, e.arrival, e.facts FROM sources.credit_events e
 WHERE e.case_key = %(case)s AND e.seq < %(place)s AND (e.reversal_seq IS NULL OR e.reversal_seq > %(place)s)
 AND {wanted}"""
_ACTUAL = """SELECT coalesce(sum(e.points + coalesce(e.reversal_points, 0)) FILTER (WHERE e.type = %(type)s), 0),
 coalesce(sum(e.points + coalesce(e.reversal_points, 0)), 0) FROM sources.credit_events e
 WHERE e.occurred_at >= %(since)s AND e.occurred_at < %(until)s"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which history. ``whole``: all of it before ``until``, because earlier grants limit later ones; else only
    the cases that something happened to from ``since`` on. ``by_member``: one member after another, which
    needs little memory; else in the order of booking across all members."""

    event_type: str
    since: datetime
    until: datetime
    whole: bool
    by_member: bool

    @property
    def params(self) -> dict[str, object]:
        """The parameters of every statement here."""
        return {"type": self.event_type, "since": self.since, "until": self.until}

    @property
    def clause(self) -> str:
        """Which events are read."""
        return _WANTED if self.whole else _WANTED + _TOUCHED


def prepare(cur: psycopg.Cursor[tuple]) -> None:
    """Make the transaction one that only reads and may take its time."""
    cur.execute("SET TRANSACTION READ ONLY")
    cur.execute(f"SET LOCAL statement_timeout = '{MOST_SECONDS}s'")
    cur.execute("SET LOCAL work_mem = '64MB'")
    cur.execute("SET LOCAL jit = off")


def count(cur: psycopg.Cursor[tuple], wanted: Wanted) -> int:
    """How many ops there are to replay."""
    row = cur.execute(_COUNT.format(wanted=wanted.clause), wanted.params).fetchone()
    return int(row[0]) if row else 0


def few(cur: psycopg.Cursor[tuple], most: int) -> bool:
    """Whether there are at most ``most`` events at all, of any kind: then any window is quickly replayed."""
    row = cur.execute(
        "SELECT count(*) FROM (SELECT 1 FROM sources.credit_events LIMIT %s) AS e", (most + 1,)
    ).fetchone()
    return row is None or int(row[0]) <= most


def actual(cur: psycopg.Cursor[tuple], wanted: Wanted) -> tuple[int, int]:
    """Points really granted in the window: for this kind of event, and for all."""
    row = cur.execute(_ACTUAL, wanted.params).fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)


def ops(tx: Session, wanted: Wanted) -> Iterator[Op]:
    """The history, streamed through a cursor on the server."""
    connection = tx.connection().connection.driver_connection
    assert isinstance(connection, psycopg.Connection)
    order = "member, place" if wanted.by_member else "place"
    query = _HISTORY.format(columns=_COLUMNS, joins=_JOINS, wanted=wanted.clause, order=order)
    with connection.cursor(name=new_id("cur"), binary=True) as stream:
        stream.itersize = FETCH
        stream.execute(query, wanted.params)
        for *columns, place in stream:
            op = Op(*columns)
            if op.leaves:
                op.remaining = _remaining(cursor(tx), wanted, op.case_key, place)
            yield op


def _remaining(cur: psycopg.Cursor[tuple], wanted: Wanted, case_key: bytes, place: int) -> list[CaseEvent]:
    query = _REMAINING.format(wanted=_WANTED)
    rows = cur.execute(query, {**wanted.params, "case": case_key, "place": place})
    return [CaseEvent(*row) for row in rows]
