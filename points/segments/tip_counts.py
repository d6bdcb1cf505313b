"""How many tips of each member count, kept by a job where reading a year of them would take seconds.

A mall with few tips keeps none: its previews count as they are asked. The figures stand among the sources, which only
the logins that may read tips can.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from mall.db import cursor
from points.earning.member_facts import window_start
from points.standing.effectiveness import ADOPTED_STAGES, JUDGED_STAGES

MANY_CASES = 200_000
"""From so many cases on the figures are kept: counted while somebody waits, they would take about a second."""
EVERY = timedelta(hours=6)
GOOD_FOR = timedelta(days=1)
"""Figures that are older are not used: the worker has stopped."""
COUNTED = """SELECT coalesce(o.alias_of, o.id) AS member_id, count(*) AS judged,
  count(*) FILTER (WHERE e.facts ->> 'stage' = ANY(%(adopted)s)) AS adopted
 FROM members o JOIN sources.cases c ON c.member_id = o.id
 JOIN sources.credit_events e ON e.event_key = c.deciding_event
 WHERE c.type = 'tip.outcome' AND c.deciding_at > %(tips_since)s AND e.facts ->> 'stage' = ANY(%(judged)s)
 GROUP BY 1"""
"""Of each account that stays, with what was merged into it."""
_CASES = "SELECT reltuples FROM pg_class WHERE oid = 'sources.cases'::regclass"
_KEEP = f"""INSERT INTO sources.tip_counts (member_id, judged, adopted, counted_at)
 SELECT t.member_id, t.judged, t.adopted, %(now)s FROM ({COUNTED}) AS t"""
_KEPT_AT = "SELECT counted_at FROM sources.tip_counts LIMIT 1"


def counted_values(now: datetime) -> dict[str, object]:
    """What ``COUNTED`` asks with."""
    return {"adopted": sorted(ADOPTED_STAGES), "judged": sorted(JUDGED_STAGES), "tips_since": window_start(now)}


def keep_tip_counts(tx: Session, now: datetime, many: int = MANY_CASES) -> int:
    """Count everybody's tips anew, if there are ``many`` cases as the database knows; of how many members."""
    cur = cursor(tx)
    (cases,) = cur.execute(_CASES).fetchone() or (0,)
    cur.execute("DELETE FROM sources.tip_counts")
    return cur.execute(_KEEP, {"now": now, **counted_values(now)}).rowcount if cases >= many else 0


def kept_at(tx: Session, now: datetime) -> datetime | None:
    """When the figures were counted that may be used now; None: there are none, or they are too old."""
    row = cursor(tx).execute(_KEPT_AT).fetchone()
    return row[0] if row is not None and row[0] > now - GOOD_FOR else None
