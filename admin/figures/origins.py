"""Where the points of a period came from, rule by rule: counted by day, told of groups of 20 members and more.

A period is added up from days, so how many different members a rule reached in it is not known; the most of one day is
the least that there were. Rules for which that is under 20 are told together, and with them the next larger ones, until
the group is large enough: what is left of the whole then tells of nobody.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from admin.figures.groups import SMALLEST_GROUP
from admin.figures.periods import Period
from mall.clock import day_end, day_start, local_date
from mall.db import Login, cursor, run_tx
from points.earning.rule_costs import MINTED, MINTED_FROM

OTHERS = ""
"""Stands for the rules that are told together."""
_COUNT = f"""INSERT INTO sources.rule_days (day, rule_key, points, members)
 SELECT %(day)s, a.rule_key, sum({MINTED}), count(DISTINCT p.member_id)
 FROM {MINTED_FROM} AND p.posted_at >= %(since)s AND p.posted_at < %(until)s GROUP BY 2
 ON CONFLICT (day, rule_key) DO UPDATE SET points = excluded.points, members = excluded.members"""
_SUMS = """SELECT rule_key, sum(points), max(members) FROM sources.rule_days
 WHERE day BETWEEN %(first)s AND %(last)s GROUP BY 1"""


@dataclass(frozen=True, slots=True)
class Origin:
    """What a rule (or ``OTHERS``) granted in a period, less what was taken back; to so many members at least."""

    rule_key: str
    points: int
    members: int


def count_origins(now: datetime, zone: ZoneInfo) -> int:
    """Count the days since the last one counted, that one and the one before anew; returns how many.

    For the login that reads sources; each day in a transaction of its own.
    """
    today = local_date(now, zone)
    first = run_tx(Login.EARNING, lambda tx: _first(tx, today, zone))
    days = [first + timedelta(days=number) for number in range((today - first).days + 1)]
    for day in days:
        asked = {"day": day, "since": day_start(day, zone), "until": day_end(day, zone)}
        run_tx(Login.EARNING, lambda tx, asked=asked: cursor(tx).execute(_COUNT, asked).rowcount)  # type: ignore[misc]
    return len(days)


def origins(tx: Session, period: Period) -> list[Origin]:
    """What may be told of a period, the largest first; the others last. For the login that reads sources."""
    rows = cursor(tx).execute(_SUMS, {"first": period.first, "last": period.last})
    return told_apart(Origin(key, int(points), members) for key, points, members in rows)


def told_apart(found: Iterable[Origin]) -> list[Origin]:
    """Rules of 20 members and more by themselves, the rest together; nothing while even that is too few."""
    alone = sorted(found, key=lambda one: (-one.members, one.rule_key))
    small = [one for one in alone if one.members < SMALLEST_GROUP]
    large = alone[: len(alone) - len(small)]
    if small:
        if not large:
            return []
        small.append(large.pop())  # the smallest of the large: members of several small rules may be the same people
    told = sorted(large, key=lambda one: (-one.points, one.rule_key))
    if small:
        told.append(Origin(OTHERS, sum(one.points for one in small), max(one.members for one in small)))
    return [one for one in told if one.points > 0]


def _first(tx: Session, today: date, zone: ZoneInfo) -> date:
    cur = cursor(tx)
    (latest,) = cur.execute("SELECT max(day) FROM sources.rule_days").fetchone() or (None,)
    if latest is not None:
        counted: date = min(latest, today)
        return counted - timedelta(days=1)
    (begun,) = cur.execute("SELECT min(booked_at) FROM sources.awards").fetchone() or (None,)
    return today if begun is None else min(local_date(begun, zone), today)
