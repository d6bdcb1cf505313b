"""Debits that malice will bring once the member has had time to answer: announced with the booking, in one step.

A later stage of the case that is not malicious lets the announced debit lapse; another malicious one keeps the
day that was announced first.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import psycopg
from sqlalchemy.orm import Session

from mall import outbox
from mall.arrays import arrays
from mall.ids import new_id
from points.earning.cases import Settler

_LAPSE = """UPDATE sources.announced_debits SET state = 'lapsed', decided_at = %s
 WHERE state = 'open' AND case_key = ANY(%s)"""
_ANNOUNCE = """INSERT INTO sources.announced_debits
 (id, case_key, member_id, rule_key, points, state, announced_at, bites_at)
 SELECT n.id, n.case_key, n.member_id, n.rule_key, n.points, 'open', n.announced_at, n.bites_at
 FROM unnest(%s::text[], %s::bytea[], %s::text[], %s::text[], %s::int8[], %s::timestamptz[], %s::timestamptz[])
 AS n(id, case_key, member_id, rule_key, points, announced_at, bites_at)
 ON CONFLICT (case_key) WHERE state = 'open' DO UPDATE SET points = excluded.points RETURNING id, member_id"""


def announce(cur: psycopg.Cursor[tuple], settler: Settler, now: datetime) -> list[tuple[str, str]]:
    """Write down what was deferred; ids and members of what is new."""
    over = [key for key in settler.settled if key not in settler.deferred]
    if over:
        cur.execute(_LAPSE, (now, over))
    if not settler.deferred:
        return []
    rows: list[tuple[Any, ...]] = [
        (new_id("dbt"), key, due.member_id, due.rule_key, due.points, now, now + timedelta(days=due.days))
        for key, due in sorted(settler.deferred.items())
    ]
    made = {row[0] for row in rows}
    return [(row[0], row[1]) for row in cur.execute(_ANNOUNCE, arrays(rows)).fetchall() if row[0] in made]


def tell_debits(tx: Session, announced: Sequence[tuple[str, str]], now: datetime) -> None:
    """Write the messages from which members are told."""
    for debit_id, member_id in announced:
        outbox.publish(tx, "debit.announced", {"debit": debit_id, "member": member_id}, now)
