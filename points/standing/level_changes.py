"""Members' levels brought up to date: points that no longer count, notices up, down, and before coming down.

Booking a credit stays out of this: it changes the counter of public points alone. What has rolled out of the window is
kept beside it and counted anew each day, so a level is always ``public points - rolled off``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from sqlalchemy.orm import Session

from mall import outbox
from mall.clock import day_start, local_date
from mall.db import cursor
from points.standing.ladder import Ladder, next_fall, window_start
from points.standing.levels import ladder

_NOW = """SELECT m.id, coalesce(s.public_points, 0), l.level, coalesce(l.rolled_off_points, 0), l.falls_on
 FROM members m LEFT JOIN standings s ON s.member_id = m.id LEFT JOIN member_levels l ON l.member_id = m.id
 WHERE m.id = ANY(%s) AND m.status <> 'closed' AND m.alias_of IS NULL ORDER BY m.id"""
# Awards stay with the account they were booked to, also once it is merged into another.
_AWARDS = """ FROM members o JOIN sources.awards a ON a.member_id = o.id
 WHERE (o.id = ANY(%s) OR o.alias_of = ANY(%s)) AND a.visibility = 'public'"""
_ROLLED = f"SELECT coalesce(o.alias_of, o.id), sum(a.points)::int8{_AWARDS} AND a.booked_at < %s GROUP BY 1"
_LEAVING = f"""SELECT coalesce(o.alias_of, o.id), (a.booked_at AT TIME ZONE %s)::date, sum(a.points)::int8{_AWARDS}
 AND a.booked_at >= %s AND a.booked_at < %s GROUP BY 1, 2"""
_SAVE = """INSERT INTO member_levels (member_id, level, rolled_off_points, falls_on, changed_at)
 VALUES (%s, %s, %s, %s, %s) ON CONFLICT (member_id) DO UPDATE SET level = excluded.level,
 rolled_off_points = excluded.rolled_off_points, falls_on = excluded.falls_on,
 changed_at = CASE WHEN member_levels.level = excluded.level THEN member_levels.changed_at
 ELSE excluded.changed_at END"""
Leaving = dict[str, dict[date, int]]


@dataclass(frozen=True, slots=True)
class _Member:
    member_id: str
    public_points: int
    told: int | None
    rolled_off: int
    falls_on: date | None


def refresh_levels(tx: Session, member_ids: Sequence[str], now: datetime, zone: ZoneInfo) -> int:
    """Bring members up to date and write the messages of what changed; returns how many rose or came down.

    For one caller at a time (the job's lock): nothing here is locked.
    """
    cur = cursor(tx)
    steps, today, listed = ladder(cur), local_date(now, zone), list(member_ids)
    rolled, leaving = _window(cur, steps, listed, today, zone)
    found = [_Member(*row) for row in cur.execute(_NOW, (listed,)).fetchall()]
    return sum(
        _refresh(tx, steps, one, rolled.get(one.member_id, 0), leaving.get(one.member_id, {}), now, today)
        for one in found
    )


def _window(
    cur: psycopg.Cursor[tuple], steps: Ladder, listed: list[str], today: date, zone: ZoneInfo
) -> tuple[dict[str, int], Leaving]:
    """Points that count no longer, and those that will not within the days of warning, by the day they came."""
    if steps.window_months is None or steps.warn_days is None:
        return {}, {}
    starts = window_start(today, steps.window_months)
    ends = window_start(today + timedelta(days=steps.warn_days), steps.window_months)
    rolled = dict(cur.execute(_ROLLED, (listed, listed, day_start(starts, zone))).fetchall())
    leaving: Leaving = {}
    for member, day, points in cur.execute(
        _LEAVING, (str(zone), listed, listed, day_start(starts, zone), day_start(ends, zone))
    ):
        leaving.setdefault(member, {})[day] = points
    return rolled, leaving


def _refresh(
    tx: Session, steps: Ladder, one: _Member, rolled: int, leaving: dict[date, int], now: datetime, today: date
) -> int:
    counted = one.public_points - rolled
    number, told = steps.number_at(counted), one.told or 1
    fall = None
    if number > 1 and steps.window_months is not None and steps.warn_days is not None:
        fall = next_fall(counted, steps.begins_at(number), leaving, today, steps.window_months, steps.warn_days)
    falls_on = fall.on if fall else None
    named = {"member": one.member_id, "level": number}
    if number != told:
        _tell(tx, "level.up" if number > told else "level.down", named, steps, number, now)
    if fall and (number != told or one.falls_on is None):
        more = {**named, "on": fall.on.isoformat(), "missing": fall.missing}
        _tell(tx, "level.warning", more, steps, number, now)
    if (number, rolled, falls_on) != (one.told or 1, one.rolled_off, one.falls_on):
        cursor(tx).execute(_SAVE, (one.member_id, number, rolled, falls_on, now))
    return int(number != told)


def _tell(tx: Session, kind: str, named: dict[str, Any], steps: Ladder, number: int, now: datetime) -> None:
    outbox.publish(tx, "standing.told", {**named, "kind": kind, "name": dict(steps.steps[number - 1].name)}, now)
