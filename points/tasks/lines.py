"""Pure: what a kind of event may bring a member today: by which rules, how much, and what their caps leave."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from points.earning.campaigns import Campaign, best
from points.earning.caps import EVERYONE, Counter, CounterKey, counter_key
from points.earning.evaluate import RuleVersion
from points.earning.event_types import COMMON_FACTS, EVENT_TYPES, MEMBER_FACTS
from points.earning.formulas import ONE, Formula, Table, round_half_up

KINDS = ("check.in", "quiz.result", "activity.attended", "member.login", "tip.outcome")
"""What somebody can do today, in the order of the page. Explicit credits are no task; milestones of check-ins are
shown with the calendar."""


@dataclass(frozen=True, slots=True)
class Room:
    """What a cap leaves: ``left`` of ``limit`` in ``unit`` (``points`` or ``times``) and ``period``.

    ``everyone``: it counts what all members got.
    """

    everyone: bool
    period: str
    unit: str
    limit: int
    left: int


@dataclass(frozen=True, slots=True)
class Boost:
    """A campaign that is on: its name by language and its factor."""

    name: dict[str, str]
    factor: Decimal


@dataclass(frozen=True, slots=True)
class TaskLine:
    """A kind of event that pays now: once done, from ``least`` to ``most`` points, before caps."""

    kind: str
    least: int
    most: int
    boost: Boost | None
    rooms: tuple[Room, ...]
    used_up: bool
    """Whether the caps of every rule that pays for it are used up."""


def task_lines(
    versions: Callable[[str], Iterable[RuleVersion]],
    campaigns: Sequence[Campaign],
    values: Mapping[str, Any],
    used: Mapping[CounterKey, Counter],
    member_id: str,
    now: datetime,
    zone: ZoneInfo,
) -> list[TaskLine]:
    """Kinds of events some rule pays for at ``now``; ``versions(kind)``: the rule versions in force for a kind.

    ``values``: facts of the member; ``used``: counters of caps, none counts as nothing used.
    """
    local = now.astimezone(zone)
    facts = {**values, "weekday": local.isoweekday(), "hour": local.hour}
    running = [one for one in campaigns if _could_hold(one, now, local, facts)]
    lines = []
    for kind in KINDS:
        rules = [rule for rule in versions(kind) if _may_pay(rule, kind, local, facts)]
        found = [_Paying.of(rule, kind, running, facts) for rule in rules]
        paying = [one for one in found if one.most > 0]
        if not paying:
            continue
        rooms = {one.rule.key: _rooms(one.rule, used, member_id, now, zone) for one in paying}
        boosts = [one.boost for one in paying if one.boost is not None]
        lines.append(
            TaskLine(
                kind,
                min(one.least for one in paying),
                sum(one.most for one in paying),
                max(boosts, key=lambda boost: boost.factor, default=None),
                tuple(room for listed in rooms.values() for room in listed),
                all(any(room.left == 0 for room in listed) for listed in rooms.values()),
            )
        )
    return lines


def counters_of(rules: Iterable[RuleVersion], member_id: str, now: datetime, zone: ZoneInfo) -> set[CounterKey]:
    """The counters that say what is left of the caps of ``rules``."""
    return {counter_key(cap, rule.key, member_id, now, zone) for rule in rules for cap in rule.document.caps}


def span(formula: Formula, facts: Mapping[str, Any], factor: Decimal = ONE) -> tuple[int, int]:
    """The least and the most that one event may bring under a formula; (0, 0) when it never pays.

    What the member is known by counts as it is; of everything else any value may come. A share of a tip counts whole.
    """
    if formula.fixed is not None:
        base = [formula.fixed]
    elif formula.table is not None:
        base = _values(formula.table, facts)
    else:
        known = formula.fact is not None and formula.fact in facts
        base = [Decimal(facts[str(formula.fact)])] if known else []
    base = [value for value in base if value > 0]
    if not base:
        return 0, 0
    least, most = min(base) * factor, max(base) * factor
    for multiplier in formula.multipliers:
        if isinstance(multiplier, Table):
            factors = [value for value in _values(multiplier, facts) if value > 0] or [ONE]
            least, most = least * min(factors), most * max(factors)
        elif multiplier in MEMBER_FACTS:
            least, most = (value * Decimal(facts[multiplier]) / 100 for value in (least, most))
    return round_half_up(least), round_half_up(most)


def _values(table: Table, facts: Mapping[str, Any]) -> list[Decimal]:
    if table.by not in facts:
        return table.values()
    found = table.find(dict(facts))
    return [] if found is None else [found]


@dataclass(frozen=True, slots=True)
class _Paying:
    rule: RuleVersion
    least: int
    most: int
    boost: Boost | None

    @classmethod
    def of(cls, rule: RuleVersion, kind: str, running: list[Campaign], facts: Mapping[str, Any]) -> _Paying:
        campaign = best(running, rule.key, kind)
        least, most = span(rule.document.formula, facts, campaign.factor if campaign else ONE)
        return cls(rule, least, most, Boost(campaign.name, campaign.factor) if campaign else None)


def _may_pay(rule: RuleVersion, kind: str, local: datetime, facts: Mapping[str, Any]) -> bool:
    condition = rule.document.condition
    if not rule.document.active.holds(local):
        return False
    return bool(condition.mentions(EVENT_TYPES[kind].facts)) or condition.holds(dict(facts))


def _could_hold(campaign: Campaign, now: datetime, local: datetime, facts: Mapping[str, Any]) -> bool:
    known = {*MEMBER_FACTS, *COMMON_FACTS}
    every = {name for kind in EVENT_TYPES.values() for name in kind.facts} - known
    return not campaign.condition.mentions(every) and campaign.holds(now, local, dict(facts))


def _rooms(
    rule: RuleVersion, used: Mapping[CounterKey, Counter], member_id: str, now: datetime, zone: ZoneInfo
) -> tuple[Room, ...]:
    rooms = []
    for cap in rule.document.caps:
        key = counter_key(cap, rule.key, member_id, now, zone)
        counter = used.get(key, Counter())
        taken = counter.points if cap.unit == "points" else counter.times
        rooms.append(Room(key.holder == EVERYONE, cap.period, cap.unit, cap.limit, max(0, cap.limit - taken)))
    return tuple(rooms)
