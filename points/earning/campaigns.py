"""Pure: campaigns: a factor on what rules pay, for a while and for some.

    {"name": {"zh": "周末双倍", "en": "Weekend"}, "factor": "2", "rules": ["tip-outcome"],
     "active": {"first_day": "2026-12-01", "last_day": "2026-12-31", "weekdays": [6, 7], "hours": [[8, 20]]},
     "min_level": 3, "condition": "days_of_membership >= 30",
     "review": true}

Without ``rules`` it is for every rule but those that pay what the source says. ``condition`` is a segment of
members in CEL; with ``review`` what it pays waits until staff confirm it. A campaign counts for what occurred
while it was published, in its dates, weekdays and hours; as with rule versions the latest stage of a case decides,
so a case whose latest stage lies outside loses the factor for the whole case. Of several campaigns at once the one
with the largest factor counts. Negative points and zero stay as they are. Once published a campaign does not
change; it can only be retired.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from points.earning.conditions import ANY_EVENT, Condition, ConditionInvalid
from points.earning.documents import DocumentInvalid
from points.earning.event_types import MEMBER_FACTS
from points.earning.explain import Line
from points.earning.formulas import plain
from points.earning.periods import Active
from points.earning.reading import Refused, decimal_of, object_of, read_active, whole

KEYS = ("name", "factor", "rules", "active", "min_level", "condition", "review")
LANGUAGES = ("zh", "en")
LARGEST_FACTOR = 100
EXPLICIT = "points.credit"


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign, ready to run; in force from ``effective_from`` up to ``effective_until`` (None: open)."""

    key: str
    name: dict[str, str]
    factor: Decimal
    rules: frozenset[str]
    active: Active
    condition: Condition
    min_level: int = 1
    effective_from: datetime | None = None
    effective_until: datetime | None = None
    review: bool = False

    def holds(self, occurred_at: datetime, local: datetime, values: dict[str, Any]) -> bool:
        """Whether it is on for an event with these facts; ``local`` is ``occurred_at`` in the mall's zone."""
        if self.effective_from is not None and occurred_at < self.effective_from:
            return False
        if self.effective_until is not None and occurred_at >= self.effective_until:
            return False
        return self.active.holds(local) and values["level"] >= self.least_level and self.condition.holds(values)

    def covers(self, rule_key: str, event_type: str) -> bool:
        """Whether it multiplies what a rule pays."""
        return rule_key in self.rules if self.rules else event_type != EXPLICIT

    @property
    def least_level(self) -> int:
        """The level asked for; 0 asks for none, which also holds where the level is not known."""
        return self.min_level if self.min_level > 1 else 0

    @property
    def member_facts(self) -> frozenset[str]:
        """What it needs to know of members."""
        return self.condition.mentions(MEMBER_FACTS) | (frozenset({"level"}) if self.min_level > 1 else frozenset())

    @property
    def line(self) -> Line:
        """Its line in an explanation: ``campaign Weekend: × 2``."""
        zh, en = (self.name.get(first) or self.name.get(second, "") for first, second in (LANGUAGES, LANGUAGES[::-1]))
        return Line("campaign", (en, zh, self.key, plain(self.factor)))


def best(running: list[Campaign], rule_key: str, event_type: str) -> Campaign | None:
    """The campaign that counts for a rule among those that are on."""
    covering = [campaign for campaign in running if campaign.covers(rule_key, event_type)]
    return max(covering, key=lambda campaign: campaign.factor) if covering else None


def phase(state: str, document: dict[str, Any], today: date) -> str:
    """Where a campaign is on a day: ``draft``, ``coming``, ``running``, ``over`` (its dates), ``ended`` (by staff)."""
    if state != "published":
        return "draft" if state == "draft" else "ended"
    active = document.get("active") or {}
    first, last = active.get("first_day"), active.get("last_day")
    if first and today < date.fromisoformat(first):
        return "coming"
    return "over" if last and today > date.fromisoformat(last) else "running"


def read_campaign(
    key: str, document: Any, effective_from: datetime | None = None, effective_until: datetime | None = None
) -> Campaign:
    """Read and check a campaign's document. Raises DocumentInvalid naming each bad part."""
    errors: dict[str, list[str]] = {}
    parts: dict[str, Any] = {}
    try:
        body = object_of(document, "campaign", KEYS)
    except Refused as refused:
        raise DocumentInvalid({refused.path: [refused.reason]}) from refused
    for name, read in _READERS.items():
        try:
            parts[name] = read(body.get(name))
        except Refused as refused:
            errors.setdefault(refused.path, []).append(refused.reason)
        except ConditionInvalid as invalid:
            errors.setdefault("condition", []).extend(fault.sentence for fault in invalid.faults)
    if errors:
        raise DocumentInvalid(errors)
    return Campaign(
        key, parts["name"], parts["factor"], parts["rules"], parts["active"], parts["condition"],
        parts["min_level"], effective_from, effective_until, parts["review"],
    )  # fmt: skip


def _read_name(value: Any) -> dict[str, str]:
    body = object_of(value, "name", LANGUAGES)
    if not body or not all(isinstance(text, str) and 1 <= len(text) <= 60 for text in body.values()):
        raise Refused("name", "must be names of 1 to 60 characters in zh, en or both")
    return dict(body)


def _read_factor(value: Any) -> Decimal:
    factor = decimal_of(value, "factor", LARGEST_FACTOR)
    if factor < 0:
        raise Refused("factor", "a multiplier must not be negative")
    return factor


def _read_rules(value: Any) -> frozenset[str]:
    if value is None:
        return frozenset()
    if not isinstance(value, list) or len(value) > 100 or not all(isinstance(key, str) for key in value):
        raise Refused("rules", "must be a list of keys of rules")
    return frozenset(value)


def _read_review(value: Any) -> bool:
    if value not in (None, True, False) or (isinstance(value, int | float) and not isinstance(value, bool)):
        raise Refused("review", "must be true or false")
    return bool(value)


def _read_condition(value: Any) -> Condition:
    if value is not None and not isinstance(value, str):
        raise Refused("condition", "must be a string")
    return Condition(ANY_EVENT, value or "")


_READERS: dict[str, Any] = {
    "name": _read_name,
    "factor": _read_factor,
    "rules": _read_rules,
    "active": read_active,
    "min_level": lambda value: 1 if value is None else whole(value, "min_level", 1, 5),
    "condition": _read_condition,
    "review": _read_review,
}
