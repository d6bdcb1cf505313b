"""Telling members of points that are about to expire: once about 30 days before a day, and once 7 days before."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from mall.db import cursor
from mall.ids import new_id
from points.earning.book_events import mall_zone

KIND = "points.expiring"
EARLY, LATE = timedelta(days=30), timedelta(days=7)
AT_ONCE = 5000
"""Wallets looked at in one transaction; the job goes through all of them, each once."""

_LAST = """SELECT max(member_id) FROM (SELECT member_id FROM ledger.wallets WHERE member_id > %s
 ORDER BY member_id LIMIT %s) AS next"""
# ``next_due_at`` is no later than the first lot to expire, so a wallet says whether its lots are looked at at all.
_DUE = """WITH due AS (SELECT l.member_id,
   ((l.expires_at - interval '1 microsecond') AT TIME ZONE %(zone)s)::date AS day,
   min(l.expires_at) AS expires_at, sum(l.remaining)::int8 AS points
  FROM ledger.wallets AS w JOIN ledger.lots AS l ON l.member_id = w.member_id
  WHERE w.member_id > %(after)s AND w.member_id <= %(last)s AND w.next_due_at <= %(early)s
   AND w.available > 0 AND l.remaining > 0 AND NOT l.pending
   AND l.expires_at > %(now)s AND l.expires_at <= %(early)s GROUP BY 1, 2),
 staged AS (SELECT *, CASE WHEN expires_at <= %(late)s THEN 7 ELSE 30 END AS stage FROM due),
 news AS (SELECT s.* FROM staged AS s JOIN members AS m ON m.id = s.member_id AND m.status = 'active'
  WHERE NOT EXISTS (SELECT FROM expiry_notices AS n WHERE n.member_id = s.member_id AND n.day = s.day
   AND n.stage <= s.stage)),
 noted AS (INSERT INTO expiry_notices (member_id, day, stage) SELECT member_id, day, stage FROM news
  ON CONFLICT DO NOTHING RETURNING member_id, day)
 SELECT member_id, day, points, EXISTS (SELECT FROM notice_preferences AS p WHERE p.member_id = news.member_id
  AND 'expiry' = ANY (p.off)) FROM news JOIN noted USING (member_id, day) ORDER BY 1, 2"""
_TELL = """INSERT INTO notifications (id, member_id, kind, detail, created_at)
 SELECT id, member_id, %s, detail::jsonb, %s FROM unnest(%s::text[], %s::text[], %s::text[])
 AS n (id, member_id, detail)"""
_FORGET = "DELETE FROM expiry_notices WHERE day < %s"


def tell_of_expiry(tx: Session, now: datetime, after: str = "") -> tuple[int, int, str | None]:
    """Note whose points expire soon and write the notices, for the next ``AT_ONCE`` members after the id ``after``.

    Returns how many were noted, how many told, and the id to go on from, None at the end.
    """
    cur, zone = cursor(tx), mall_zone()
    (last,) = cur.execute(_LAST, (after, AT_ONCE)).fetchone() or (None,)
    if last is None:
        cur.execute(_FORGET, (now.astimezone(zone).date(),))
        return 0, 0, None
    values = {
        "now": now, "early": now + EARLY, "late": now + LATE, "zone": zone.key, "after": after, "last": last,
    }  # fmt: skip
    noted = cur.execute(_DUE, values).fetchall()
    told = [row for row in noted if not row[3]]
    if told:
        details = [json.dumps({"day": day.isoformat(), "points": points}) for _member, day, points, _off in told]
        cur.execute(_TELL, (KIND, now, [new_id("ntc") for _row in told], [row[0] for row in told], details))
    return len(noted), len(told), last
