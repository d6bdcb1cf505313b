"""A member's effectiveness line by line: for that member alone, who gave the password just now (design, section 7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from mall.clock import local_date
from mall.db import cursor
from points.earning.book_events import mall_zone
from points.earning.member_facts import window_start
from points.standing.effectiveness import ADOPTED_STAGES, JUDGED_STAGES, Effectiveness

MOST_LINES = 200
_COUNTS = """SELECT e.facts ->> 'stage', count(*) FROM members o JOIN sources.cases c ON c.member_id = o.id
 JOIN sources.credit_events e ON e.event_key = c.deciding_event
 WHERE (o.id = %s OR o.alias_of = %s) AND c.type = 'tip.outcome' AND c.deciding_at > %s GROUP BY 1"""
_LINES = """SELECT e.facts ->> 'stage', c.deciding_at FROM members o JOIN sources.cases c ON c.member_id = o.id
 JOIN sources.credit_events e ON e.event_key = c.deciding_event
 WHERE (o.id = %s OR o.alias_of = %s) AND c.type = 'tip.outcome' AND c.deciding_at > %s
 ORDER BY c.deciding_at DESC, c.case_key LIMIT %s"""


@dataclass(frozen=True, slots=True)
class TipLine:
    """One tip: its latest stage, the day of it, and how it counts: ``adopted``, ``not_adopted``, ``not_judged``."""

    stage: str
    day: date
    counts: str


@dataclass(frozen=True, slots=True)
class OwnEffectiveness:
    """The figure, what is waiting to be judged, and the newest 200 tips of the window."""

    effectiveness: Effectiveness
    waiting: int
    since: date
    lines: list[TipLine]


def own_effectiveness(tx: Session, member_id: str, now: datetime) -> OwnEffectiveness:
    """A member's tips in the rolling window and what they come to."""
    cur, zone, since = cursor(tx), mall_zone(), window_start(now)
    counts = dict(cur.execute(_COUNTS, (member_id, member_id, since)).fetchall())
    lines = [
        TipLine(stage, local_date(at, zone), _counts(stage))
        for stage, at in cur.execute(_LINES, (member_id, member_id, since, MOST_LINES))
    ]
    adopted = sum(counts.get(stage, 0) for stage in ADOPTED_STAGES)
    judged = sum(counts.get(stage, 0) for stage in JUDGED_STAGES)
    waiting = sum(counts.values()) - judged
    return OwnEffectiveness(Effectiveness(adopted, judged), waiting, local_date(since, zone), lines)


def _counts(stage: str) -> str:
    if stage in ADOPTED_STAGES:
        return "adopted"
    return "not_adopted" if stage in JUDGED_STAGES else "not_judged"
