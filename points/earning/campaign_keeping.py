"""Keeping campaigns: drafted, published, retired; every step in the audit trail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from mall import audit
from mall.db import cursor, must_get
from mall.errors import Conflict, Invalid
from points.earning.campaigns import read_campaign
from points.earning.documents import DocumentInvalid
from points.earning.rule_models import Campaign, EarningRule
from points.earning.rules import rules_changed
from points.earning.sentences import Sentence
from points.earning.sentences_display import shown, shown_errors
from points.earning.versions import By


def campaigns(tx: Session) -> Sequence[Campaign]:
    """All campaigns, by key."""
    return tx.scalars(select(Campaign).order_by(Campaign.key)).all()


def campaign(tx: Session, key: str, *, lock: bool = False) -> Campaign:
    """One campaign. Raises NotFound."""
    return must_get(tx, Campaign, key, with_for_update=lock)


def draft_campaign(tx: Session, key: str, document: dict[str, Any], by: By) -> Campaign:
    """A new draft. Raises Conflict ``campaign_exists``, Invalid."""
    check_campaign(tx, key, document)
    row = insert(Campaign).values(key=key, document=document, state="draft", created_by=by.name, created_at=by.now)
    if tx.execute(row.on_conflict_do_nothing().returning(Campaign.key)).scalar_one_or_none() is None:
        raise Conflict("campaign_exists")
    _note(tx, "campaign.drafted", key, {"document": document}, by)
    return tx.get_one(Campaign, key)


def change_campaign(tx: Session, key: str, document: dict[str, Any], by: By) -> Campaign:
    """Another document for a draft. Raises NotFound, Conflict ``not_a_draft``, Invalid."""
    found = _draft(tx, key)
    check_campaign(tx, key, document)
    found.document = document
    tx.flush()
    _note(tx, "campaign.changed", key, {"document": document}, by)
    return found


def discard_campaign(tx: Session, key: str, by: By) -> None:
    """Throw a draft away. Raises NotFound, Conflict ``not_a_draft``."""
    tx.delete(_draft(tx, key))
    tx.flush()
    _note(tx, "campaign.discarded", key, {}, by)


def publish_campaign(tx: Session, key: str, by: By) -> Campaign:
    """Let a draft count from now on, in its own dates. Raises NotFound, Conflict ``not_a_draft``, Invalid."""
    found = _draft(tx, key)
    check_campaign(tx, key, found.document)
    found.state, found.effective_from = "published", by.now
    return _step(tx, found, "campaign.published", by)


def retire_campaign(tx: Session, key: str, by: By) -> Campaign:
    """End a campaign for what occurs from now on. Raises NotFound, Conflict ``campaign_not_published``."""
    found = campaign(tx, key, lock=True)
    if found.state != "published":
        raise Conflict("campaign_not_published")
    found.state, found.effective_until = "retired", by.now
    return _step(tx, found, "campaign.retired", by)


def _draft(tx: Session, key: str) -> Campaign:
    found = campaign(tx, key, lock=True)
    if found.state != "draft":
        raise Conflict("not_a_draft")
    return found


def check_campaign(tx: Session, key: str, document: dict[str, Any]) -> None:
    """Whether a campaign can be read and its rules are there. Raises Invalid."""
    try:
        read = read_campaign(key, document)
    except DocumentInvalid as refused:
        raise Invalid(shown_errors(refused.errors)) from refused
    known = set(tx.scalars(select(EarningRule.key).where(EarningRule.key.in_(read.rules))))
    if unknown := sorted(read.rules - known):
        raise Invalid({"rules": [shown(Sentence("there is no rule %(key)s", key=unknown[0][:60]))]})


def _step(tx: Session, found: Campaign, action: str, by: By) -> Campaign:
    tx.flush()
    rules_changed(cursor(tx))
    _note(tx, action, found.key, {"document": found.document}, by)
    return found


def _note(tx: Session, action: str, key: str, detail: dict[str, Any], by: By) -> None:
    audit.record(tx, by.name, action, f"campaign:{key}", detail, by.now, by.request_id)
