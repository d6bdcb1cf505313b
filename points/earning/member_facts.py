"""What rules may know of the member an event is about; loaded for a batch in one statement, and only if asked for.

The figures are those at the beginning of the booking, and are kept with the event: valuing it again later, for a
reversal or a back-test, sees what its booking saw. Levels come from public points (design, section 7).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg
from flask import current_app

from mall.clock import local_date
from points.earning.periods import period_start
from points.standing.effectiveness import ADOPTED_STAGES, JUDGED_STAGES, Effectiveness
from points.standing.ladder import DEFAULT
from points.standing.levels import ladder

TIP_FACTS = frozenset({"effectiveness", "adopted_tips", "adopted_tips_month"})
_MEMBERS = """SELECT m.id, m.created_at, coalesce(s.public_points, 0) - coalesce(l.rolled_off_points, 0) FROM members m
 LEFT JOIN standings s ON s.member_id = m.id LEFT JOIN member_levels l ON l.member_id = m.id WHERE m.id = ANY(%s)"""
_TIPS = """SELECT coalesce(o.alias_of, o.id), count(*) FILTER (WHERE e.facts ->> 'stage' = ANY(%(adopted)s)),
 count(*), count(*) FILTER (WHERE e.facts ->> 'stage' = ANY(%(adopted)s) AND c.deciding_at >= %(month)s)
 FROM members o JOIN sources.cases c ON c.member_id = o.id
 JOIN sources.credit_events e ON e.event_key = c.deciding_event
 WHERE (o.id = ANY(%(members)s) OR o.alias_of = ANY(%(members)s)) AND c.type = 'tip.outcome'
 AND c.deciding_at > %(since)s AND e.facts ->> 'stage' = ANY(%(judged)s)
 GROUP BY 1"""


def member_facts(
    cur: psycopg.Cursor[tuple], member_ids: Collection[str], wanted: Collection[str], now: datetime, zone: ZoneInfo
) -> dict[str, dict[str, int]]:
    """The facts named in ``wanted`` (see ``points.earning.event_types.MEMBER_FACTS``) of each member."""
    listed, today = list(member_ids), local_date(now, zone)
    tips: dict[str, tuple[int, int, int]] = {}
    if TIP_FACTS & set(wanted):
        tips = _tips(cur, listed, now, zone)
    steps = ladder(cur) if "level" in wanted else DEFAULT
    found: dict[str, dict[str, int]] = {}
    for member_id, created_at, public_points in cur.execute(_MEMBERS, (listed,)):
        adopted, judged, month = tips.get(member_id, (0, 0, 0))
        every = {
            "level": steps.number_at(public_points),
            "days_of_membership": max(0, (today - local_date(created_at, zone)).days),
            "effectiveness": Effectiveness(adopted, judged).percent,
            "adopted_tips": adopted,
            "adopted_tips_month": month,
        }
        found[member_id] = {name: every[name] for name in sorted(wanted)}
    return found


def window_start(now: datetime) -> datetime:
    """From when on tips count for effectiveness."""
    return now - timedelta(days=current_app.extensions["settings"].effectiveness_window_days)


def _tips(
    cur: psycopg.Cursor[tuple], member_ids: list[str], now: datetime, zone: ZoneInfo
) -> dict[str, tuple[int, int, int]]:
    asked = {
        "members": member_ids,
        "since": window_start(now),
        "month": period_start("month", now, zone),
        "adopted": sorted(ADOPTED_STAGES),
        "judged": sorted(JUDGED_STAGES),
    }
    return {member_id: (adopted, judged, month) for member_id, adopted, judged, month in cur.execute(_TIPS, asked)}
