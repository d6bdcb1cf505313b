"""Pure: ``evaluate``: which rule versions pay for an event, how much, and why.

The same function books, explains (``dry_run``) and back-tests, so that they cannot disagree. It knows no caps:
a cap depends on what was granted before and limits the grant, never the worth (``points.earning.settle``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from points.earning.campaigns import Campaign, best
from points.earning.documents import RuleDocument
from points.earning.event_types import UNKNOWN_MEMBER, Facts
from points.earning.explain import Line
from points.earning.limits import Budgets
from points.earning.periods import FIRST_MOMENT


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """A published version of an earning rule, in force from ``effective_from`` (None: since ever)."""

    key: str
    version: int
    document: RuleDocument
    effective_from: datetime | None = None
    effective_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AwardWorth:
    """What one rule says an event is worth, before caps."""

    rule: RuleVersion
    points: int
    lines: tuple[Line, ...]
    review: bool = False
    """Whether it waits to be confirmed, because a campaign that is reviewed counts in it."""

    @property
    def explanation(self) -> list[str]:
        """The lines in canonical English."""
        return [line.text for line in self.lines]


def evaluate(
    versions: Sequence[RuleVersion], facts: Facts, zone: ZoneInfo, campaigns: Sequence[Campaign] = ()
) -> list[AwardWorth]:
    """What ``facts`` are worth under ``versions``, those in force at ``facts.occurred_at``, in order of rule keys.

    Of ``campaigns`` those count that are on at that moment. A rule whose base has no row for the facts gives
    nothing; a row of zero gives an award of zero points.
    """
    local = facts.occurred_at.astimezone(zone)
    values = derived(facts, local)
    running = [one for one in campaigns if one.holds(facts.occurred_at, local, values)] if campaigns else []
    found = []
    for rule in versions:
        document = rule.document
        if document.event_type != facts.type or not document.active.holds(local):
            continue
        if not document.condition.holds(values):
            continue
        campaign = best(running, rule.key, facts.type) if running else None
        worth = document.formula.worth(values, (campaign.factor, campaign.line) if campaign else None)
        if worth is not None:
            found.append(AwardWorth(rule, *worth, campaign is not None and campaign.review))
    return _stacked(found) if len(found) > 1 else found


def derived(facts: Facts, local: datetime) -> dict[str, Any]:
    """The facts as rules see them: those sent, and those that follow from them."""
    values: dict[str, Any] = {
        **UNKNOWN_MEMBER,
        "report": "first",
        **facts.values,
        "weekday": local.isoweekday(),
        "hour": local.hour,
    }
    if facts.type == "quiz.result":
        values["percent"] = int(facts.values["score"]) * 100 / int(facts.values["max_score"])
    return values


def _stacked(found: list[AwardWorth]) -> list[AwardWorth]:
    best: dict[str, AwardWorth] = {}
    for award in found:
        group = award.rule.document.best_of
        if group is not None and (group not in best or award.points > best[group].points):
            best[group] = award
    kept = [award for award in found if (group := award.rule.document.best_of) is None or best[group] is award]
    return sorted(kept, key=lambda award: award.rule.key)


class RuleSet:
    """Every published rule version, by event type; finds those in force at a moment."""

    def __init__(
        self,
        versions: Sequence[RuleVersion],
        labels: frozenset[str] = frozenset(),
        campaigns: Sequence[Campaign] = (),
        budgets: Budgets | None = None,
    ) -> None:
        self.labels = labels
        """Labels that ``points.credit`` may carry."""
        self.campaigns = tuple(campaigns)
        self.budgets: Budgets = budgets or {}
        self._by_type: dict[str, dict[str, list[RuleVersion]]] = {}
        self._by_name = {(version.key, version.version): version for version in versions}
        for version in sorted(versions, key=lambda one: (one.key, one.effective_from or FIRST_MOMENT, one.version)):
            rules = self._by_type.setdefault(version.document.event_type, {})
            rules.setdefault(version.key, []).append(version)
        self.member_facts = {
            kind: frozenset().union(
                *(version.document.member_facts for listed in rules.values() for version in listed),
                *(campaign.member_facts for campaign in campaigns if any(campaign.covers(key, kind) for key in rules)),
            )
            for kind, rules in self._by_type.items()
        }
        """What rules and campaigns want to know of members, by type of event."""

        self.splitting = frozenset(
            version.document.event_type for version in versions if "report" in version.document.formula.facts()
        )
        """Types of events in which a rule tells the first report from later ones."""

        self.sparing = any(version.document.clawback.limited for version in versions)
        """Whether some rule does not take back all at once."""
        self.appealing = any(version.document.clawback.appeal_days for version in versions)
        """Whether some rule lets members answer before malice costs points."""

    def worth(self, facts: Facts, zone: ZoneInfo) -> list[AwardWorth]:
        """What an event is worth by the rules and campaigns in force when it occurred."""
        return evaluate(self.in_force(facts.type, facts.occurred_at), facts, zone, self.campaigns)

    def in_force(self, event_type: str, at: datetime) -> list[RuleVersion]:
        """For each rule the version in force at ``at``: the last that had begun, unless it has been retired.

        Of two that begin together it is the higher one; one retired before it began never was.
        """
        found = []
        for versions in self._by_type.get(event_type, {}).values():
            for version in reversed(versions):
                since, until = version.effective_from, version.effective_until
                if since is not None and until is not None and until <= since:
                    continue
                if since is None or since <= at:
                    if until is None or at < until:
                        found.append(version)
                    break
        return found

    def versions(self) -> list[RuleVersion]:
        """Every version there is."""
        return list(self._by_name.values())

    def of_type(self, event_type: str) -> list[RuleVersion]:
        """Every version that is about a type of event, in force or not."""
        return [version for version in self._by_name.values() if version.document.event_type == event_type]

    def version(self, key: str, number: int) -> RuleVersion | None:
        """A published version by name."""
        return self._by_name.get((key, number))


def dry_run(rules: RuleSet, facts: Facts, zone: ZoneInfo) -> list[AwardWorth]:
    """What the rules would pay for an event, and why, without booking anything."""
    return rules.worth(facts, zone)
