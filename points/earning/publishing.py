"""Bringing a version into force, going back to an earlier one, and ending one. Awards keep the version they had."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from mall.db import cursor
from mall.errors import Conflict, Forbidden, Invalid
from points.earning.approval import Weight, weigh
from points.earning.drafts import checked
from points.earning.rule_models import EarningRuleVersion
from points.earning.rules import rules_changed
from points.earning.versions import LIVE_STATES, By, locked_version, newest, note, version_in_force


def publish(tx: Session, key: str, number: int, by: By, at: datetime | None = None) -> EarningRuleVersion:
    """Bring a draft into force now, or at ``at``.

    A draft below the owner's limits may be published by whoever wrote it; above them it must have been
    approved. Raises NotFound; Invalid for a moment past; Conflict ``not_a_draft``, ``approval_required`` or
    ``backtest_required``; Forbidden ``owner_required`` when its back-test mints more than the budget.
    """
    draft = locked_version(tx, key, number)
    _not_past(at, by)
    if draft.state not in ("draft", "submitted", "approved"):
        raise Conflict("not_a_draft")
    weight = weigh(tx, draft)
    _may_publish(draft, weight, by)
    checked(draft.document)  # what was valid when saved may name a fact that a newer release no longer has
    draft.state, draft.effective_from = "published", at or by.now
    draft.published_by, draft.published_at = by.name, by.now
    _in_force_changed(tx)
    note(tx, by, "published", draft, at=draft.effective_from.isoformat(), approved_by=draft.approved_by)
    return draft


def roll_back(tx: Session, key: str, number: int, by: By) -> EarningRuleVersion:
    """Bring an earlier version back: a copy of it, published now under a number of its own.

    It has been in force before, so nobody approves it again. Raises NotFound, Conflict ``never_published``,
    or ``in_force_already`` when that very version is the one in force.
    """
    earlier = locked_version(tx, key, number)
    if earlier.state not in LIVE_STATES or not _has_begun(earlier, by.now):
        raise Conflict("never_published")
    current = version_in_force(tx, key, by.now)
    if current is not None and current.version == number:
        raise Conflict("in_force_already")
    checked(earlier.document)
    copy = EarningRuleVersion(
        rule_key=key, version=newest(tx, key) + 1, document=earlier.document, state="published",
        effective_from=by.now, created_by=by.name, created_at=by.now, published_by=by.name, published_at=by.now,
        based_on=number, authors=[by.name], revision=1,
    )  # fmt: skip
    tx.add(copy)
    _in_force_changed(tx)
    note(tx, by, "rolled_back", copy, to=number, was=current.version if current else None)
    return copy


def retire(tx: Session, key: str, number: int, by: By, at: datetime | None = None) -> EarningRuleVersion:
    """End a published version now or at ``at``: the rule pays nothing until a later version begins.

    One that has not begun by then is withdrawn: the version before it goes on. Raises NotFound; Invalid for a
    moment past; Conflict ``not_in_force`` when it is a draft, has ended, or ends before ``at`` anyway.
    """
    row = locked_version(tx, key, number)
    _not_past(at, by)
    until = at or by.now
    if row.state not in LIVE_STATES or (row.effective_until is not None and row.effective_until <= until):
        raise Conflict("not_in_force")
    if row.effective_from is not None and row.effective_from > until:
        until = row.effective_from
    row.state, row.effective_until, row.retired_by = "retired", until, by.name
    _in_force_changed(tx)
    note(tx, by, "retired", row, at=until.isoformat())
    return row


def _may_publish(draft: EarningRuleVersion, weight: Weight, by: By) -> None:
    if weight.backtest_missing:
        raise Conflict("backtest_required")
    if draft.state == "submitted" or (draft.state == "draft" and weight.needs_approval):
        raise Conflict("approval_required", extra={"reasons": list(weight.reasons)})
    if weight.over_budget and not by.owner and draft.state != "approved":
        raise Forbidden("owner_required")


def _has_begun(row: EarningRuleVersion, now: datetime) -> bool:
    since, until = row.effective_from, row.effective_until
    return since is None or (since <= now and (until is None or until > since))


def _not_past(at: datetime | None, by: By) -> None:
    if at is not None and at < by.now:
        raise Invalid({"at": [_("Lies in the past.")]})


def _in_force_changed(tx: Session) -> None:
    tx.flush()
    rules_changed(cursor(tx))
