"""Webhooks of credit events: what was booked and reversed is told seconds later.

Who told of which event stays behind the login of earning: bookings leave a line in ``sources.facts_to_tell`` (only when
somebody listens), and a job with that login turns lines into deliveries, line and delivery in one transaction.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import psycopg
from sqlalchemy.orm import Session

from mall.db import Login, cursor, run_tx
from mall.jobs import job
from mall.webhooks.events import Fact
from mall.webhooks.fan_out import IS_HEARD, tell
from points.earning.keys import public_id

AT_ONCE = 500
_NOTE = f"""INSERT INTO sources.facts_to_tell (type, event_key, source_id, at)
 SELECT 'credit.reversed', %s, %s, %s WHERE {IS_HEARD}"""
_TAKE = """DELETE FROM sources.facts_to_tell WHERE id IN (SELECT id FROM sources.facts_to_tell ORDER BY id LIMIT %s)
 RETURNING id, type, event_key, source_id, at"""


def note_reversal(cur: psycopg.Cursor[tuple], event_key: bytes, source_id: str, now: datetime) -> None:
    """Leave a line that an event was reversed, if anybody wants to know."""
    cur.execute(_NOTE, (event_key, source_id, now, source_id))


@job("tell-of-credits", every=timedelta(seconds=5))
def tell_of_credits(now: datetime) -> dict[str, int]:
    """Queue what was booked and reversed for the endpoints of its source and the mall's own, in that order."""
    told = 0
    while True:
        taken, queued = run_tx(Login.EARNING, lambda tx: _tell_some(tx, now))
        told += queued
        if taken < AT_ONCE:
            return {"deliveries": told} if told else {}


def _tell_some(tx: Session, now: datetime) -> tuple[int, int]:
    rows = sorted(cursor(tx).execute(_TAKE, (AT_ONCE,)).fetchall())
    facts = []
    for _id, kind, event_key, source_id, at in rows:
        event = public_id(bytes(event_key))
        facts.append(Fact(kind, {"event": event}, at, subject=event, source_id=source_id))
    return len(rows), tell(tx, facts, now) if facts else 0
