"""What each rule has granted since a moment, less what was clawed back: totals, never of whom."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from mall.db import cursor
from points.earning.periods import period_start

_COSTS = """SELECT a.rule_key, sum(CASE WHEN p.debit = 'issued' THEN p.points ELSE -p.points END)
 FROM ledger.postings AS p JOIN sources.awards AS a ON a.award_id = p.award_id
 WHERE (p.debit = 'issued' OR p.credit = 'reversed') AND p.posted_at >= %(since)s AND p.kind <> 'merged' GROUP BY 1"""


def costs_this_month(tx: Session, now: datetime, zone: ZoneInfo) -> dict[str, int]:
    """Points by rule key, posted since the month began in the mall's zone; for the login that may read awards."""
    rows = cursor(tx).execute(_COSTS, {"since": period_start("month", now, zone)})
    return {key: int(points) for key, points in rows}
