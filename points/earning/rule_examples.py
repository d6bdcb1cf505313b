"""A live example of a draft: facts in, what they would be paid and why, beside what is in force."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from mall.errors import Invalid
from points.earning.book_events import mall_zone
from points.earning.campaign_examples import CampaignExample, campaign_examples, published_campaigns
from points.earning.documents import read_document
from points.earning.evaluate import AwardWorth, RuleSet, RuleVersion, dry_run
from points.earning.event_types import EVENT_TYPES, MAX_GRADE, MEMBER_FACTS, STAGES, UNKNOWN_MEMBER, Facts, FactValue
from points.earning.explain_display import localized
from points.earning.versions import version, version_in_force
from points.standing.effectiveness import Effectiveness

BIGGEST = 1_000_000_000
DEFAULTS: dict[str, dict[str, FactValue]] = {"tip.outcome": {"stage": "solved", "grade": 0, "share": 100}}
NEWCOMER: dict[str, FactValue] = {**UNKNOWN_MEMBER, "level": 1, "effectiveness": Effectiveness().percent}
"""What is known of a member who has just come."""
RANGES = {
    "level": (1, 5),
    "effectiveness": (0, 100),
    "grade": (0, MAX_GRADE),
    "share": (1, 100),
    "max_score": (1, BIGGEST),
    "streak": (1, BIGGEST),
    "streak_day": (1, BIGGEST),
}


@dataclass(frozen=True, slots=True)
class Examples:
    """A version as ``draft``, the one in force as ``published``, and campaigns that would change the draft's."""

    draft: Example
    published: Example
    campaigns: list[CampaignExample]


@dataclass(frozen=True, slots=True)
class Example:
    """What a version would pay for one event, before caps. ``lines``: why, in the reader's language.

    ``points`` None: the rule does not look at such an event at all.
    """

    points: int | None
    lines: list[str]


def example(
    tx: Session, key: str, number: int, given: Mapping[str, Any], occurred_at: datetime, now: datetime
) -> Examples:
    """What version ``number``, and the one in force, pay for the facts ``given``.

    Raises NotFound, Invalid naming the bad facts.
    """
    shown = version(tx, key, number, now)
    current = version_in_force(tx, key, now)
    facts = read_facts(str(shown.document["event"]), given, occurred_at)
    return Examples(
        document_example(shown.document, facts),
        document_example(current.document, facts) if current else Example(None, []),
        campaign_examples(published_campaigns(tx, now), key, shown.document, facts),
    )


def document_example(document: dict[str, Any], facts: Facts) -> Example:
    """What a document pays for ``facts``. Raises DocumentInvalid."""
    paid: list[AwardWorth] = dry_run(RuleSet([RuleVersion("example", 1, read_document(document))]), facts, mall_zone())
    if not paid:
        return Example(None, [])
    return Example(paid[0].points, [localized(line) for line in paid[0].lines])


def read_facts(event: str, given: Mapping[str, Any], occurred_at: datetime) -> Facts:
    """Facts of an event as a form or program gives them; what is left out has its default. Raises Invalid."""
    known = {**EVENT_TYPES[event].facts, **MEMBER_FACTS}
    kinds = {name: kind for name, kind in known.items() if kind is not float}
    values: dict[str, FactValue] = {}
    errors = {f"facts.{name}"[:120]: [_("Unknown field.")] for name in given if name not in kinds}
    for name, kind in kinds.items():
        value = given.get(name, DEFAULTS.get(event, {}).get(name, NEWCOMER.get(name)))
        if value is None:
            errors[f"facts.{name}"] = [_("This field is required.")]
        elif kind is int:
            least, most = RANGES.get(name, (0, BIGGEST))
            if type(value) is not int or not least <= value <= most:
                errors[f"facts.{name}"] = [_("Is out of range.")]
            values[name] = value
        elif not isinstance(value, str) or len(value) > 128 or (name == "stage" and value not in STAGES):
            errors[f"facts.{name}"] = [_("Is not one of the values allowed.")]
        else:
            values[name] = value
    if not errors and "max_score" in values and int(values["score"]) > int(values["max_score"]):
        errors["facts.score"] = [_("Is more than max_score.")]
    if errors:
        raise Invalid(errors)
    return Facts(event, occurred_at, values)
