"""Telling members of the points that reporting systems credited: once a day, of the day before, under one neutral word.

What members do in the mall itself, they see at once; a notice of it would only be noise.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from mall.clock import day_end, day_start, local_date
from mall.db import cursor
from mall.ids import new_id
from points.earning.awards_query import NEUTRAL_LABEL
from points.earning.book_events import mall_zone

KIND = "points.booked"
FROM_HOUR = 9
"""Hour of the mall's zone from which yesterday is told: nobody is told at night."""
AT_ONCE = 1000
"""Notices written in one transaction."""
FOUND_AT_ONCE = 50_000
"""Members looked up at once: to find them, all postings of the day are read."""

# Less what was taken back on the same day; what a member was told already is not told again.
_DUE = """WITH booked AS (SELECT member_id, sum(CASE WHEN debit = 'issued' THEN points
   WHEN credit = 'reversed' THEN -points ELSE 0 END)::int8 AS points
  FROM ledger.postings WHERE posted_at >= %(since)s AND posted_at < %(until)s AND label = %(label)s
   AND kind IN ('earned', 'reversed') GROUP BY 1)
 SELECT b.member_id, b.points FROM booked AS b JOIN members AS m ON m.id = b.member_id AND m.status = 'active'
 WHERE b.points > 0 AND b.member_id > %(after)s
  AND NOT EXISTS (SELECT FROM notice_preferences AS p WHERE p.member_id = b.member_id AND 'booked' = ANY (p.off))
  AND NOT EXISTS (SELECT FROM notifications AS n WHERE n.member_id = b.member_id AND n.kind = %(kind)s
   AND n.detail ->> 'day' = %(day)s)
 ORDER BY 1 LIMIT %(most)s"""
_TELL = """INSERT INTO notifications (id, member_id, kind, detail, created_at)
 SELECT id, member_id, %s, detail::jsonb, %s FROM unnest(%s::text[], %s::text[], %s::text[])
 AS n (id, member_id, detail)"""


Booked = tuple[str, int]
"""A member's id, and points."""


def booked_yesterday(tx: Session, now: datetime, after: str = "") -> list[Booked]:
    """Up to ``FOUND_AT_ONCE`` members after the id ``after``, by id, who are to be told and were not, and of how much.

    Nobody before ``FROM_HOUR``.
    """
    if now.astimezone(mall_zone()).hour < FROM_HOUR:
        return []
    day, zone = _yesterday(now), mall_zone()
    values = {
        "since": day_start(day, zone), "until": day_end(day, zone), "label": NEUTRAL_LABEL, "kind": KIND,
        "day": day.isoformat(), "after": after, "most": FOUND_AT_ONCE,
    }  # fmt: skip
    return cursor(tx).execute(_DUE, values).fetchall()


def tell_of_booked(tx: Session, found: Sequence[Booked], now: datetime) -> None:
    """Write the notices of ``found``. The job's lock keeps it alone."""
    day = _yesterday(now).isoformat()
    details = [json.dumps({"day": day, "points": points}) for _member, points in found]
    ids = [new_id("ntc") for _row in found]
    cursor(tx).execute(_TELL, (KIND, now, ids, [member for member, _points in found], details))


def _yesterday(now: datetime) -> date:
    return local_date(now, mall_zone()) - timedelta(days=1)
