"""How many members a filter finds: a number, never people, and none that points at a few of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from mall.clock import day_end, day_start, local_date
from mall.db import cursor
from points.segments.filters import Filter
from points.segments.tip_counts import COUNTED, counted_values, kept_at
from points.standing.effectiveness import PRIOR_ADOPTED, PRIOR_TIPS
from points.standing.levels import ladder

FEW = 20
"""Fewer than so many are not counted out: a filter that fits a few people would tell who they are."""
ROUND = 10
MANY = 10**15

_MEMBERS = """SELECT count(*) FROM members m LEFT JOIN standings s ON s.member_id = m.id
 LEFT JOIN member_levels l ON l.member_id = m.id
 LEFT JOIN member_households h ON h.member_id = m.id"""
_WHERE = """ WHERE m.alias_of IS NULL AND m.status <> 'closed'
 AND coalesce(s.public_points, 0) >= %(points_from)s AND coalesce(s.public_points, 0) <= %(points_to)s
 AND coalesce(s.public_points, 0) - coalesce(l.rolled_off_points, 0) >= %(level_from)s
 AND coalesce(s.public_points, 0) - coalesce(l.rolled_off_points, 0) < %(level_until)s
 AND m.created_at >= %(since)s AND m.created_at < %(until)s
 AND (%(households)s::text[] IS NULL OR h.tag = ANY(%(households)s))"""
_TIPS = f" LEFT JOIN ({COUNTED}) t ON t.member_id = m.id"
_TIPS_KEPT = " LEFT JOIN sources.tip_counts t ON t.member_id = m.id"
_TIPS_WHERE = """ AND coalesce(t.adopted, 0) BETWEEN %(adopted_from)s AND %(adopted_to)s
 AND (200 * (coalesce(t.adopted, 0) + %(prior_adopted)s) + coalesce(t.judged, 0) + %(prior_tips)s)
  / (2 * (coalesce(t.judged, 0) + %(prior_tips)s)) BETWEEN %(percent_from)s AND %(percent_to)s"""


@dataclass(frozen=True, slots=True)
class Preview:
    """``count`` None: fewer than ``FEW``, perhaps nobody. ``exact`` is false for one rounded down to tens. ``as_of``:
    when the tips were counted that it asks about, where that is not done anew for each preview."""

    count: int | None
    exact: bool
    as_of: datetime | None = None


def preview(tx: Session, asked: Filter, now: datetime, zone: ZoneInfo) -> Preview:
    """Count the members in a filter. Where it asks about tips the count is rounded, so that two of them that differ
    by one person do not tell that person's figure. Needs a login that may read sources then."""
    as_of = kept_at(tx, now) if asked.asks_tips else None
    tips = _TIPS_KEPT if as_of else _TIPS
    query = _MEMBERS + (tips + _WHERE + _TIPS_WHERE if asked.asks_tips else _WHERE)
    row = cursor(tx).execute(query, {**_values(asked, now, zone), **_levels(tx, asked)}).fetchone()
    assert row is not None
    count = int(row[0])
    if count < FEW:
        return Preview(None, False, as_of)
    return Preview(count // ROUND * ROUND, False, as_of) if asked.asks_tips else Preview(count, True)


def _levels(tx: Session, asked: Filter) -> dict[str, int]:
    """Points from which the lowest level wanted begins, and those from which the one after the highest does."""
    found: dict[str, int] = {"level_from": -MANY, "level_until": MANY}
    if "level" in asked.spans:
        steps = ladder(cursor(tx))
        low, high = asked.spans["level"]
        if low > 1:
            found["level_from"] = steps.begins_at(low) if low <= len(steps.steps) else MANY
        if high < len(steps.steps):
            found["level_until"] = steps.begins_at(high + 1)
    return found


def _values(asked: Filter, now: datetime, zone: ZoneInfo) -> dict[str, object]:
    least, most = asked.spans.get("earned_points", (-MANY, MANY))
    if "earned_points" in asked.spans and least == 0:
        least = -MANY  # less than nothing, after a debit, still counts as nothing
    today = local_date(now, zone)
    first, last = asked.joined_from, asked.joined_to
    if "days_of_membership" in asked.spans:
        fewest, longest = asked.spans["days_of_membership"]
        newest, oldest = today - timedelta(days=fewest), today - timedelta(days=longest)
        first = oldest if first is None else max(first, oldest)
        # Somebody who joins later today has 0 days, not less than none.
        last = newest if last is None else min(last, newest)
    return {
        "points_from": least, "points_to": most, "households": sorted(asked.households) or None,
        "since": "-infinity" if first is None else day_start(first, zone),
        "until": "infinity" if last is None else day_end(last, zone),
        **counted_values(now),
        "prior_adopted": PRIOR_ADOPTED, "prior_tips": PRIOR_TIPS,
        "percent_from": asked.tips.percent_from, "percent_to": asked.tips.percent_to,
        "adopted_from": asked.tips.adopted_from, "adopted_to": asked.tips.adopted_to,
    }  # fmt: skip
