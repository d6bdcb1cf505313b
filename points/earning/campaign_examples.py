"""What campaigns would make of a live example: now, or on the days and hours when they run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from mall.clock import local_date
from points.earning.book_events import mall_zone
from points.earning.campaigns import Campaign as Running
from points.earning.campaigns import phase, read_campaign
from points.earning.documents import RuleDocument, read_document
from points.earning.evaluate import RuleSet, RuleVersion, dry_run
from points.earning.event_types import Facts
from points.earning.formulas import plain
from points.earning.periods import Active
from points.earning.rule_models import Campaign


@dataclass(frozen=True, slots=True)
class CampaignExample:
    """A published campaign that would change an example, which pays ``points`` with it.

    ``applies``: it is on at the example's moment; else it would be on another day or at another hour (``active``).
    """

    key: str
    name: dict[str, str]
    factor: str
    points: int
    applies: bool
    active: Active


def published_campaigns(tx: Session, now: datetime) -> list[Running]:
    """Campaigns that may still count: published, and their last day is not over."""
    today = local_date(now, mall_zone())
    rows = tx.scalars(select(Campaign).where(Campaign.state == "published").order_by(Campaign.key))
    return [
        read_campaign(row.key, row.document, row.effective_from)
        for row in rows
        if phase(row.state, row.document, today) != "over"
    ]


def campaign_examples(
    campaigns: Sequence[Running], key: str, document: dict[str, Any], facts: Facts
) -> list[CampaignExample]:
    """Which campaigns would change what rule ``key``, saying ``document``, pays for ``facts``; those that are on first.

    Of several that are on at once only the one that counts applies, as in booking. Raises DocumentInvalid.
    """
    read = read_document(document)
    usual = _paid(read, key, facts, [])
    paid = _paid(read, key, facts, campaigns)
    found = []
    for campaign in campaigns:
        always = replace(campaign, active=Active(), effective_from=None)
        points = _paid(read, key, facts, [always])
        if usual is None or points is None or points == usual:
            continue
        applies = points == paid and _paid(read, key, facts, [campaign]) == points
        found.append(
            CampaignExample(campaign.key, campaign.name, plain(campaign.factor), points, applies, campaign.active)
        )
    return sorted(found, key=lambda one: not one.applies)


def _paid(document: RuleDocument, key: str, facts: Facts, campaigns: Sequence[Running]) -> int | None:
    paid = dry_run(RuleSet([RuleVersion(key, 1, document)], campaigns=campaigns), facts, mall_zone())
    return paid[0].points if paid else None
