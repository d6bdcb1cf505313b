"""Drafts of earning rules: begun new or as a copy, edited by one person at a time, given up."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from mall.errors import Conflict, Invalid
from points.earning.caps import DAILY
from points.earning.compare import compare
from points.earning.documents import DocumentInvalid, RuleDocument, read_document
from points.earning.limits import PROGRAMME
from points.earning.rule_models import EarningRule, EarningRuleVersion
from points.earning.sentences import Sentence
from points.earning.sentences_display import shown, shown_errors
from points.earning.versions import LIVE_STATES, OPEN_STATES, By, locked, locked_version, newest, note, version_in_force

MOST_BYTES = 64 * 1024
KEY_PATTERN = r"[a-z][a-z0-9-]{0,59}"
RESERVED_KEYS = frozenset({DAILY, PROGRAMME})
"""Names under which counters that are no rules' are kept."""


def checked(document: Any) -> RuleDocument:
    """A rule document read. Raises Invalid with the reasons, in the reader's language, by path."""
    try:
        text = json.dumps(document, ensure_ascii=False, allow_nan=False)
        stored = len(text.encode("utf-8")) <= MOST_BYTES and "\\u0000" not in text
    except (ValueError, RecursionError):  # a half of a surrogate pair, or a number beyond all bounds
        stored = False
    if not stored:
        raise Invalid({"document": [shown(Sentence("is too long, or contains a character that is not allowed"))]})
    try:
        return read_document(document)
    except DocumentInvalid as refused:
        raise Invalid({f"document.{path}": reasons for path, reasons in shown_errors(refused.errors).items()}) from None


def create_rule(
    tx: Session, key: str, title: Mapping[str, str], document: dict[str, Any], by: By
) -> EarningRuleVersion:
    """A new rule with its first version, a draft. Raises Conflict ``rule_exists``, Invalid."""
    checked(document)
    row = insert(EarningRule).values(key=key, title=dict(title), created_at=by.now)
    made = tx.execute(row.on_conflict_do_nothing().returning(EarningRule.key)).scalar_one_or_none()
    if made is None or key in RESERVED_KEYS:
        raise Conflict("rule_exists")
    draft = _add(tx, key, 1, document, None, by)
    note(tx, by, "created", draft, title=dict(title))
    return draft


def rename_rule(tx: Session, key: str, title: Mapping[str, str], by: By) -> None:
    """Give a rule another title. Raises NotFound."""
    found = locked(tx, key)
    before, found.title = found.title, dict(title)
    tx.flush()
    last = tx.get_one(EarningRuleVersion, (key, newest(tx, key)))
    note(tx, by, "renamed", last, before=before, after=dict(title))


def create_draft(
    tx: Session, key: str, by: By, document: dict[str, Any] | None = None, based_on: int | None = None
) -> EarningRuleVersion:
    """A new draft: ``document``, or a copy of version ``based_on``, or of the one in force, or the newest.

    Raises NotFound, Invalid.
    """
    locked(tx, key)
    last = newest(tx, key)
    if based_on is None:
        current = version_in_force(tx, key, by.now)
        based_on = current.version if current else last or None
    source = locked_version(tx, key, based_on) if based_on is not None else None
    wanted = document if document is not None else source.document if source else {}
    _keep_event(tx, key, checked(wanted))
    draft = _add(tx, key, last + 1, wanted, based_on, by)
    changed = [change.path for change in compare(source.document, wanted)] if source else []
    note(tx, by, "drafted", draft, based_on=based_on, changed=changed)
    return draft


def change_draft(
    tx: Session, key: str, number: int, revision: int, document: dict[str, Any], by: By
) -> EarningRuleVersion:
    """Save a draft over edit ``revision``, the last one the editor has seen.

    Raises NotFound, Conflict ``not_a_draft`` or ``edited_meanwhile``, Invalid.
    """
    draft = locked_version(tx, key, number)
    if draft.state != "draft":
        raise Conflict("not_a_draft")
    if draft.revision != revision:
        raise Conflict("edited_meanwhile", extra={"revision": draft.revision})
    _keep_event(tx, key, checked(document))
    changed = [change.path for change in compare(draft.document, document)]
    draft.document, draft.revision = document, revision + 1
    if by.name not in draft.authors:
        draft.authors = [*draft.authors, by.name]
    tx.flush()
    note(tx, by, "edited", draft, changed=changed)
    return draft


def discard_draft(tx: Session, key: str, number: int, by: By) -> EarningRuleVersion:
    """Give up what is not published. Raises NotFound, Conflict ``not_a_draft``."""
    draft = locked_version(tx, key, number)
    if draft.state not in OPEN_STATES:
        raise Conflict("not_a_draft")
    draft.state = "discarded"
    tx.flush()
    note(tx, by, "discarded", draft)
    return draft


def _add(
    tx: Session, key: str, number: int, document: dict[str, Any], based_on: int | None, by: By
) -> EarningRuleVersion:
    draft = EarningRuleVersion(
        rule_key=key, version=number, document=document, state="draft", created_by=by.name, created_at=by.now,
        based_on=based_on, authors=[by.name], revision=1,
    )  # fmt: skip
    tx.add(draft)
    tx.flush()
    return draft


def _keep_event(tx: Session, key: str, document: RuleDocument) -> None:
    """A rule stays with its kind of event once published: awards of its cases follow its versions."""
    live = select(EarningRuleVersion.document["event"].astext).where(
        EarningRuleVersion.rule_key == key, EarningRuleVersion.state.in_(LIVE_STATES)
    )
    event = tx.scalars(live.limit(1)).first()
    if event is not None and event != document.event_type:
        reason = Sentence("must stay %(event)s: other events need a rule of their own", event=event)
        raise Invalid({"document.event": [shown(reason)]})
