"""What earns a member points today: the rules in force, what their caps leave, and what is done already."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from mall import clock
from mall.arrays import arrays
from mall.db import cursor
from points.earning.caps import Counter, CounterKey
from points.earning.event_types import UNKNOWN_MEMBER
from points.earning.member_facts import member_facts
from points.earning.rules import rule_set
from points.quizzes.queries import QuizOverview, list_quizzes
from points.tasks.lines import KINDS, TaskLine, counters_of, task_lines

MOST_QUIZZES = 100
_USED = """SELECT u.holder, u.rule_key, u.period, u.starts_at, u.points, u.times FROM sources.cap_usage u
 JOIN unnest(%s::text[], %s::text[], %s::text[], %s::timestamptz[]) AS n(holder, rule_key, period, starts_at)
 USING (holder, rule_key, period, starts_at)"""
# Confidential points are not told here: the page opens without the password.
_EARNED = """SELECT e.type, sum(a.points)::int8 FROM sources.awards a JOIN sources.cases c ON c.case_key = a.case_key
 JOIN sources.credit_events e ON e.event_key = c.deciding_event
 WHERE a.member_id IN (SELECT id FROM members WHERE id = %(id)s OR alias_of = %(id)s)
 AND a.visibility = 'public' AND a.booked_at >= %(since)s AND a.points > 0 GROUP BY 1"""
ONCE_A_DAY = ("check.in", "member.login")


@dataclass(frozen=True, slots=True)
class Task:
    """Something that earns points. ``earned_points``: what it has brought today, as far as everybody may know.

    ``done``: it brings nothing more today. ``open_count``: how many of the mall's quizzes may bring more.
    """

    line: TaskLine
    earned_points: int
    done: bool
    open_count: int | None = None


def tasks_today(tx: Session, member_id: str | None, now: datetime, zone: ZoneInfo) -> list[Task]:
    """What earns points at ``now``; without a member what it would bring somebody new."""
    cur = cursor(tx)
    rules = rule_set(cur)
    versions = {kind: list(rules.in_force(kind, now)) for kind in KINDS}
    values: dict[str, Any] = {**UNKNOWN_MEMBER, "level": 1}
    used: dict[CounterKey, Counter] = {}
    earned: dict[str, int] = {}
    if member_id is not None:
        wanted = frozenset().union(*(rules.member_facts.get(kind, frozenset()) for kind in KINDS))
        if wanted:
            values |= member_facts(cur, [member_id], wanted, now, zone)[member_id]
        every = [rule for listed in versions.values() for rule in listed]
        used = _used(tx, counters_of(every, member_id, now, zone))
        since = clock.day_start(clock.local_date(now, zone), zone)
        earned = dict(cur.execute(_EARNED, {"id": member_id, "since": since}).fetchall())
    lines = task_lines(versions.__getitem__, rules.campaigns, values, used, member_id or "", now, zone)
    quizzes = _open_quizzes(tx, member_id, now, zone)
    return [_task(line, earned.get(line.kind, 0), quizzes) for line in lines]


def _task(line: TaskLine, earned: int, quizzes: int | None) -> Task:
    once = line.kind in ONCE_A_DAY and earned > 0
    if line.kind == "quiz.result":
        return Task(line, earned, line.used_up or quizzes == 0, quizzes)
    return Task(line, earned, line.used_up or once)


def _used(tx: Session, keys: Iterable[CounterKey]) -> dict[CounterKey, Counter]:
    rows = [(key.holder, key.rule_key, key.period, key.starts_at) for key in sorted(keys)]
    if not rows:
        return {}
    return {CounterKey(*row[:4]): Counter(*row[4:]) for row in cursor(tx).execute(_USED, arrays(rows))}


def _open_quizzes(tx: Session, member_id: str | None, now: datetime, zone: ZoneInfo) -> int | None:
    """How many quizzes may bring more; None where the mall has none and others give them."""
    listed = list_quizzes(tx, member_id, now, zone, limit=MOST_QUIZZES)
    return sum(map(_may_bring_more, listed)) if listed else None


def _may_bring_more(one: QuizOverview) -> bool:
    return one.state == "open" and one.best_percent != 100 and one.attempts_left != 0
