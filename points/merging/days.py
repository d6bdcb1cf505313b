"""What follows a merge of accounts for check-ins: the days and unused make-up cards of both are those of one person.

Days in a row are counted again over all of them. A longer row pays nothing afterwards: each account was paid for its
own while it was there.
"""

from __future__ import annotations

from collections.abc import Sequence

import psycopg
from sqlalchemy.orm import Session

from mall.db import cursor
from points.checkin.records import frozen_days, lock_records
from points.checkin.streaks import streaks_after

AT_ONCE = 50

_APART = f"""SELECT DISTINCT m.alias_of FROM members AS m WHERE m.alias_of IS NOT NULL
 AND (EXISTS (SELECT 1 FROM check_ins AS c WHERE c.member_id = m.id)
  OR EXISTS (SELECT 1 FROM make_up_cards AS k WHERE k.member_id = m.id AND k.used_at IS NULL))
 ORDER BY 1 LIMIT {AT_ONCE}"""
_ACCOUNTS = "SELECT id FROM members WHERE alias_of = %s"
_DAYS = """INSERT INTO check_ins AS c (member_id, day, streak, points, repaired)
 SELECT %s, o.day, 1, sum(o.points), bool_and(o.repaired) FROM check_ins AS o WHERE o.member_id = ANY(%s) GROUP BY 2
 ON CONFLICT (member_id, day) DO UPDATE SET points = c.points + excluded.points"""
_OLD_DAYS = "DELETE FROM check_ins WHERE member_id = ANY(%s)"
_ALL_DAYS = "SELECT day, streak FROM check_ins WHERE member_id = %s ORDER BY day"
_COUNT_AGAIN = """UPDATE check_ins AS c SET streak = n.streak FROM unnest(%s::date[], %s::int4[]) AS n (day, streak)
 WHERE c.member_id = %s AND c.day = n.day"""
# A day in a row earns one card; of two accounts that both had one for the same day, the person keeps one.
_CARDS = """UPDATE make_up_cards AS k SET member_id = %(target)s WHERE k.member_id = ANY(%(sources)s)
 AND k.used_at IS NULL AND NOT EXISTS (SELECT 1 FROM make_up_cards AS o WHERE o.earned_day = k.earned_day
  AND o.id <> k.id AND (o.member_id = %(target)s OR (o.member_id = ANY(%(sources)s) AND o.id < k.id)))"""
_DOUBLE_CARDS = "DELETE FROM make_up_cards WHERE member_id = ANY(%s) AND used_at IS NULL"


def carry_days(tx: Session) -> int:
    """Move check-ins and unused cards of merged accounts, of some persons at a time; returns of how many."""
    cur = cursor(tx)
    targets = [row[0] for row in cur.execute(_APART).fetchall()]
    for target_id in targets:
        lock_records(tx, target_id)
        sources = [row[0] for row in cur.execute(_ACCOUNTS, (target_id,)).fetchall()]
        _carry(tx, cur, target_id, sources)
    return len(targets)


def _carry(tx: Session, cur: psycopg.Cursor[tuple], target_id: str, sources: Sequence[str]) -> None:
    cur.execute(_DAYS, (target_id, sources))
    cur.execute(_OLD_DAYS, (sources,))
    cur.execute(_CARDS, {"target": target_id, "sources": sources})
    cur.execute(_DOUBLE_CARDS, (sources,))
    rows = cur.execute(_ALL_DAYS, (target_id,)).fetchall()
    if not rows:
        return
    days = [row[0] for row in rows]
    streaks = streaks_after(None, days, frozen_days(tx, days[0], days[-1]))
    changed = [day for day, streak in rows if streaks[day] != streak]
    cur.execute(_COUNT_AGAIN, (changed, [streaks[day] for day in changed], target_id))
