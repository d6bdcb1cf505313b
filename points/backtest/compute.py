"""A back-test's work inside its reading transaction: two replays side by side, and what they come to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from mall.db import cursor
from points.backtest.history import Wanted, actual, count, ops, prepare
from points.backtest.outcome import Totals, largest, spread
from points.backtest.replay import Op, Side
from points.earning.documents import read_document
from points.earning.evaluate import RuleSet, RuleVersion
from points.earning.rules import rule_set

BUDGET_DAYS = 30
TELL_EVERY = 5000
Progress = Callable[[int, int], None]
"""Told how many ops are done, of how many."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be tried: a document in the place of the rule's version in force, over a window of history.

    ``budget_points``: what the whole programme may mint in 30 days, None without a budget.
    """

    rule_key: str
    version: int
    document: dict[str, Any]
    since: datetime
    until: datetime
    now: datetime
    budget_points: int | None


@dataclass(slots=True)
class Replayed:
    """What a replay of both sides gathered in the window: points in all, and of the rule itself.

    ``unknown``: events booked while no rule asked for what the draft wants to know of their member.
    """

    events: int = 0
    before: int = 0
    after: int = 0
    rule_before: int = 0
    rule_after: int = 0
    unknown: int = 0


def replay_both(
    history: Iterable[Op], sides: tuple[Side, Side], totals: Totals, since: datetime, *, by_member: bool,
    tell: Callable[[int], None] = lambda _done: None,
) -> Replayed:  # fmt: skip
    """Play ``history`` under both sides; what happened before ``since`` only sets the scene."""
    found, member = Replayed(), None
    before_side, after_side = sides
    asked = after_side.rules.member_facts.get(after_side.event_type, frozenset())
    for done, op in enumerate(history, 1):
        if by_member and op.member_id != member:
            member = op.member_id
            before_side.forget()
            after_side.forget()
        before, rule_before = before_side.play(op)
        after, rule_after = after_side.play(op)
        if op.occurred_at >= since:
            found.events += not op.leaves
            found.unknown += not op.leaves and not asked <= op.facts.keys()
            found.before += before
            found.after += after
            found.rule_before += rule_before
            found.rule_after += rule_after
            totals.add(op.member_id, before, after)
        if done % TELL_EVERY == 0:
            tell(done)
    return found


def compute(tx: Session, asked: Question, zone: ZoneInfo, progress: Progress) -> dict[str, Any]:
    """The result of a back-test, as it is stored. Reads only. Raises DocumentInvalid."""
    cur = cursor(tx)
    prepare(cur)
    published = rule_set(cur)
    tried = RuleVersion(asked.rule_key, asked.version, read_document(asked.document))
    event_type = tried.document.event_type
    current = next((one for one in published.in_force(event_type, asked.now) if one.key == asked.rule_key), None)
    before_rules = _instead(published, asked.rule_key, current)
    after_rules = _instead(published, asked.rule_key, tried)
    involved = [*published.of_type(event_type), tried]
    wanted = wanted_history(involved, event_type, asked.since, asked.until)
    total = count(cur, wanted)
    sides = (
        Side(before_rules, event_type, asked.rule_key, zone, asked.now),
        Side(after_rules, event_type, asked.rule_key, zone, asked.now),
    )
    totals = Totals()
    progress(0, total)
    found = replay_both(
        ops(tx, wanted), sides, totals, asked.since, by_member=wanted.by_member, tell=lambda done: progress(done, total)
    )
    progress(total, total)
    really, programme = actual(cur, wanted)
    liability = sides[1].tally.live_points - sides[0].tally.live_points
    confidential = any(one.document.confidential for one in involved)
    return {
        "event": event_type,
        "compared_with": current.version if current else None,
        "events": found.events,
        "events_without_member_facts": found.unknown,
        "before_points": found.before,
        "after_points": found.after,
        "difference_points": found.after - found.before,
        "rule_before_points": found.rule_before,
        "rule_after_points": found.rule_after,
        "granted_points": really,
        "liability_change_points": liability,
        "budget": _budget(asked, programme - really, found),
        "spread": spread(totals),
        "largest": largest(totals, named=not confidential),
        "confidential": confidential,
    }


def wanted_history(rules: Iterable[RuleVersion], event_type: str, since: datetime, until: datetime) -> Wanted:
    """What must be read so that ``rules`` value the window as a booking would: see ``Wanted``."""
    involved = list(rules)
    counted = any(one.document.counted for one in involved)
    together = any(cap.per == "all" for one in involved for cap in one.document.caps)
    return Wanted(event_type, since, until, whole=counted, by_member=not together)


def _instead(published: RuleSet, key: str, version: RuleVersion | None) -> RuleSet:
    """The published rules with ``version`` for the rule ``key`` throughout, as if it had always been in force."""
    others = [one for one in published.versions() if one.key != key]
    mine = [RuleVersion(key, version.version, version.document)] if version is not None else []
    return RuleSet([*others, *mine], published.labels, published.campaigns)


def _budget(asked: Question, others: int, found: Replayed) -> dict[str, Any]:
    """What the whole programme mints in 30 days, by the window: other events as they were, these as replayed."""
    days = max((asked.until - asked.since) / timedelta(days=1), 1.0)
    before, after = (round((others + points) * BUDGET_DAYS / days) for points in (found.before, found.after))
    limit = asked.budget_points
    return {
        "budget_points": limit,
        "before_points_30_days": before,
        "after_points_30_days": after,
        "over": limit is not None and after > limit,
    }
