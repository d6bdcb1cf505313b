"""Counting a day once, so that no page has to count it again.

Today and yesterday are counted anew each time, the days before stay: a day is finished when it was counted an hour
after its end, when no transaction of the day can still be open.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from mall.clock import day_end, day_start, local_date
from mall.db import Login, cursor, run_tx
from points.ledger.daily import first_posting_at, moves

SETTLED_AFTER = timedelta(hours=1)
_FIRST = "SELECT least((SELECT min(created_at) FROM members), (SELECT min(placed_at) FROM orders))"
_ROWS = "SELECT max(day) FROM day_figures"
_UNFINISHED = """SELECT min(day) FROM day_figures
 WHERE computed_at < ((day + 1)::timestamp AT TIME ZONE %(zone)s) + %(settled)s"""
_MEMBERS = """SELECT count(*) FILTER (WHERE status <> 'closed' AND created_at < %(until)s),
 count(*) FILTER (WHERE created_at >= %(since)s AND created_at < %(until)s) FROM members WHERE alias_of IS NULL"""
_SEEN = """WITH placed AS MATERIALIZED (SELECT o.member_id, o.points FROM order_history AS h
  JOIN orders AS o ON o.id = h.order_id WHERE h.at >= %(since)s AND h.at < %(until)s AND h.status = 'placed'),
 active AS (SELECT member_id FROM check_ins WHERE day = %(day)s AND NOT repaired UNION SELECT member_id FROM placed
  UNION SELECT member_id FROM login_sessions WHERE member_id IS NOT NULL
   AND ((created_at >= %(since)s AND created_at < %(until)s)
    OR (last_seen_at >= %(since)s AND last_seen_at < %(until)s)))
 SELECT (SELECT count(*) FROM active), count(*), coalesce(sum(points), 0) FROM placed"""
_CHECKED_IN = "SELECT count(*) FROM check_ins WHERE day = %(day)s AND NOT repaired"
_COMPLETED = """SELECT count(*) FROM order_history
 WHERE at >= %(since)s AND at < %(until)s AND status = 'completed'"""
_COLUMNS = (
    "granted_points", "written_off_points", "taken_back_points", "redeemed_points", "refunded_points",
    "expired_points", "owed_points", "members", "members_joined", "members_active", "members_checked_in",
    "orders_placed", "orders_completed", "ordered_points", "computed_at",
)  # fmt: skip
# A session that goes on the day after no longer tells that it was in use the day before: the larger count stays.
_KEPT = {"members_active": "greatest(day_figures.members_active, excluded.members_active)"}
_KEEP = f"""INSERT INTO day_figures (day, {", ".join(_COLUMNS)})
 VALUES (%(day)s, {", ".join(f"%({name})s" for name in _COLUMNS)}) ON CONFLICT (day) DO UPDATE SET
 {", ".join(f"{name} = {_KEPT.get(name, f'excluded.{name}')}" for name in _COLUMNS)}"""


def roll_up(now: datetime, zone: ZoneInfo) -> int:
    """Count the days that are not finished, each in a transaction of its own, the oldest first; returns how many."""
    counted = 0
    for day in run_tx(Login.BACKOFFICE, lambda tx: list(_to_count(tx, now, zone))):
        run_tx(Login.BACKOFFICE, lambda tx, day=day: count_day(tx, day, now, zone))  # type: ignore[misc]
        counted += 1
    return counted


def count_day(tx: Session, day: date, now: datetime, zone: ZoneInfo) -> None:
    """Count a day anew and keep its row."""
    cur, since, until = cursor(tx), day_start(day, zone), day_end(day, zone)
    asked = {"day": day, "since": since, "until": until}

    def ask(query: str) -> tuple[Any, ...]:
        row = cur.execute(query, asked).fetchone()
        assert row is not None
        return row

    values = {f"{name}_points": points for name, points in asdict(moves(tx, since, until)).items()}
    members, joined = ask(_MEMBERS)
    active, placed, ordered = ask(_SEEN)
    values |= {
        "day": day, "members": members, "members_joined": joined, "members_active": active,
        "members_checked_in": ask(_CHECKED_IN)[0], "orders_placed": placed, "orders_completed": ask(_COMPLETED)[0],
        "ordered_points": int(ordered), "computed_at": now,
    }  # fmt: skip
    cur.execute(_KEEP, values)


def _to_count(tx: Session, now: datetime, zone: ZoneInfo) -> Iterator[date]:
    today, cur = local_date(now, zone), cursor(tx)
    (latest,) = cur.execute(_ROWS).fetchone() or (None,)
    if latest is None:
        first = _first_day(tx, now, zone)
    else:
        (open_day,) = cur.execute(_UNFINISHED, {"zone": zone.key, "settled": SETTLED_AFTER}).fetchone() or (None,)
        first = min(open_day or today, latest + timedelta(days=1), today - timedelta(days=1))
    for back in range((today - first).days, -1, -1):
        yield today - timedelta(days=back)


def _first_day(tx: Session, now: datetime, zone: ZoneInfo) -> date:
    row = cursor(tx).execute(_FIRST).fetchone()
    moments = [moment for moment in (first_posting_at(tx), row[0] if row else None) if moment is not None]
    return min([local_date(moment, zone) for moment in moments], default=local_date(now, zone))
