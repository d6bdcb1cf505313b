"""Pure: what redemption rules refuse, each by its name, and until when.

Kinds and what their ``terms`` ask for:

- ``limit``: at most ``amount`` pieces or points (``unit``) in a ``period``, for each member or household (``per``),
- ``level``: ``min_level``; ``membership``: ``min_days`` of it; ``effectiveness``: ``min_percent``, smoothed,
- ``segment``: ``members`` "only" (those in it) or "except",
- ``blackout``: not within days, weekdays and hours,
- ``debt``: nobody who owes points (``per`` member), or of whose household anybody does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from catalog.redemption.eligibility import Refusal
from catalog.rules.windows import active_of, blackout_end, window_end
from mall.clock import day_start
from points.segments.filters import Filter, TipBounds, TipsMeet, Who, read_filter

CODE = "redemption_rule"
LIMIT = "limit"
KINDS = (LIMIT, "level", "membership", "effectiveness", "segment", "blackout", "debt")
HOUSEHOLD = "household"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule in force. ``filter``: that of its segment, if its kind is that."""

    id: str
    name: Mapping[str, str]
    kind: str
    gift_id: str | None
    category_id: str | None
    above_points: int | None
    terms: Mapping[str, Any]
    filter: Filter | None = None

    @property
    def per_household(self) -> bool:
        """Whether it looks at a whole household."""
        return self.terms.get("per") == HOUSEHOLD

    @property
    def asks_level(self) -> bool:
        """Whether the member's level matters to it."""
        return self.kind == "level" or (self.filter is not None and "level" in self.filter.spans)

    def covers(self, unit_points: int) -> bool:
        """Whether a piece of that price falls under it."""
        return self.above_points is None or unit_points > self.above_points


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be ordered."""

    quantity: int
    unit_points: int

    def amount(self, unit: str) -> int:
        """Pieces or points of it."""
        return self.quantity if unit == "quantity" else self.quantity * self.unit_points


@dataclass(frozen=True, slots=True)
class Facts:
    """What rules may know of the member. ``owes``: by ``member`` and ``household``."""

    who: Who
    owes: Mapping[str, bool] = field(default_factory=dict)


def rule_of(stored: Mapping[str, Any]) -> Rule:
    """A rule from its stored form."""
    found = stored.get("filter")
    return Rule(
        stored["id"], stored["name"], stored["kind"], stored["gift_id"], stored["category_id"], stored["above_points"],
        stored["terms"], None if found is None else read_filter(found),
    )  # fmt: skip


def judge_limit(rule: Rule, asked: Asked, used: int, now: datetime, zone: ZoneInfo) -> Refusal | None:
    """What a limit says to ``asked`` more, when ``used`` is had in its period already."""
    unit, period, amount = rule.terms["unit"], rule.terms["period"], rule.terms["amount"]
    wanted = asked.amount(unit)
    if used + wanted <= amount:
        return None
    # More than the limit at once is never possible: no moment lifts that.
    lifts_at = window_end(period, now, zone) if wanted <= amount else None
    left = max(0, amount - used)
    return _refusal(rule, lifts_at, per=rule.terms["per"], unit=unit, period=period, amount=amount, left=left)


def judge(rule: Rule, facts: Facts | None, tips_meet: TipsMeet, now: datetime, zone: ZoneInfo) -> Refusal | None:
    """What a rule of any other kind says. ``facts`` may be None for blackouts alone."""
    if rule.kind == "blackout":
        return _blackout(rule, now, zone)
    assert facts is not None
    return _JUDGES[rule.kind](rule, facts, tips_meet, zone)


def room(rule: Rule, asked: Asked, used: int) -> int:
    """How many pieces a limit still allows."""
    left = max(0, int(rule.terms["amount"]) - used)
    return left if rule.terms["unit"] == "quantity" else left // asked.unit_points


def _blackout(rule: Rule, now: datetime, zone: ZoneInfo) -> Refusal | None:
    active = active_of(rule.terms)
    return _refusal(rule, blackout_end(active, now, zone)) if active.holds(now.astimezone(zone)) else None


def _level(rule: Rule, facts: Facts, _tips_meet: TipsMeet, _zone: ZoneInfo) -> Refusal | None:
    least = rule.terms["min_level"]
    return _refusal(rule, None, min_level=least) if facts.who.level < least else None


def _membership(rule: Rule, facts: Facts, _tips_meet: TipsMeet, zone: ZoneInfo) -> Refusal | None:
    least = rule.terms["min_days"]
    if facts.who.days_of_membership >= least:
        return None
    return _refusal(rule, day_start(facts.who.joined_on + timedelta(days=least), zone), min_days=least)


def _effectiveness(rule: Rule, _facts: Facts, tips_meet: TipsMeet, _zone: ZoneInfo) -> Refusal | None:
    least = rule.terms["min_percent"]
    return None if tips_meet(TipBounds(percent_from=least)) else _refusal(rule, None, min_percent=least)


def _segment(rule: Rule, facts: Facts, tips_meet: TipsMeet, _zone: ZoneInfo) -> Refusal | None:
    assert rule.filter is not None
    wanted = rule.terms["members"] == "only"
    return None if rule.filter.holds(facts.who, tips_meet) == wanted else _refusal(rule, None)


def _debt(rule: Rule, facts: Facts, _tips_meet: TipsMeet, _zone: ZoneInfo) -> Refusal | None:
    per = rule.terms["per"]
    return _refusal(rule, None, per=per) if facts.owes[per] else None


_JUDGES: dict[str, Callable[[Rule, Facts, TipsMeet, ZoneInfo], Refusal | None]] = {
    "level": _level,
    "membership": _membership,
    "effectiveness": _effectiveness,
    "segment": _segment,
    "debt": _debt,
}


def _refusal(rule: Rule, lifts_at: datetime | None, **figures: Any) -> Refusal:
    return Refusal(CODE, {"rule": rule.id, "title": rule.name, "kind": rule.kind, "lifts_at": lifts_at, **figures})
