"""Approval: a second person looks at a draft that could cost more than the owner lets one person decide."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mall.errors import Conflict, Forbidden
from points.earning.documents import read_document
from points.earning.largest import largest_award
from points.earning.rule_models import EarningRuleVersion, RuleBacktest
from points.earning.versions import By, controls, locked_version, note


@dataclass(frozen=True, slots=True)
class Weight:
    """What is known of a draft before it is let loose.

    ``largest_award_points``: the most one award may come to. ``minted_points``: the most that any back-test of
    the draft as it is now would have granted, None without one. ``reasons``: why a second person is needed,
    of ``large_award`` and ``mints_much``.
    """

    largest_award_points: int
    minted_points: int | None
    over_budget: bool
    backtest_missing: bool
    reasons: tuple[str, ...]

    @property
    def needs_approval(self) -> bool:
        """Whether a second person must approve it."""
        return bool(self.reasons)


def weigh(tx: Session, draft: EarningRuleVersion) -> Weight:
    """Weigh a draft against the owner's limits."""
    limits = controls(tx)
    done = select(func.max(RuleBacktest.minted_points), func.bool_or(RuleBacktest.over_budget)).where(
        RuleBacktest.rule_key == draft.rule_key,
        RuleBacktest.version == draft.version,
        RuleBacktest.revision == draft.revision,
        RuleBacktest.state == "done",
    )
    minted, over = tx.execute(done).one()
    largest = largest_award(read_document(draft.document))
    most_award, most_minted = limits.approve_above_award_points, limits.approve_above_minted_points
    reasons = []
    if most_award is not None and largest > most_award:
        reasons.append("large_award")
    if most_minted is not None and minted is not None and minted > most_minted:
        reasons.append("mints_much")
    return Weight(largest, minted, bool(over), limits.backtest_required and minted is None, tuple(reasons))


def submit(tx: Session, key: str, number: int, by: By) -> EarningRuleVersion:
    """Put a draft before a second person. Raises NotFound, Conflict ``not_a_draft`` or ``backtest_required``."""
    draft = locked_version(tx, key, number)
    if draft.state != "draft":
        raise Conflict("not_a_draft")
    if weigh(tx, draft).backtest_missing:
        raise Conflict("backtest_required")
    draft.state, draft.submitted_by, draft.submitted_at, draft.rejection = "submitted", by.name, by.now, None
    tx.flush()
    note(tx, by, "submitted", draft)
    return draft


def approve(tx: Session, key: str, number: int, by: By) -> EarningRuleVersion:
    """Approve what somebody else drafted and submitted.

    Raises NotFound, Conflict ``not_submitted`` or ``own_draft``, Forbidden ``owner_required`` when its
    back-test mints more than the budget.
    """
    draft = locked_version(tx, key, number)
    if draft.state != "submitted":
        raise Conflict("not_submitted")
    if by.name in {*draft.authors, draft.created_by, draft.submitted_by}:
        raise Conflict("own_draft")
    weight = weigh(tx, draft)
    if weight.over_budget and not by.owner:
        raise Forbidden("owner_required")
    draft.state, draft.approved_by, draft.approved_at = "approved", by.name, by.now
    tx.flush()
    note(tx, by, "approved", draft, largest_award_points=weight.largest_award_points, minted=weight.minted_points)
    return draft


def reject(tx: Session, key: str, number: int, reason: str, by: By) -> EarningRuleVersion:
    """Send a submitted or approved draft back, to be edited. Raises NotFound, Conflict ``not_submitted``."""
    draft = locked_version(tx, key, number)
    if draft.state not in ("submitted", "approved"):
        raise Conflict("not_submitted")
    draft.state, draft.rejection = "draft", reason
    draft.submitted_by = draft.submitted_at = draft.approved_by = draft.approved_at = None
    tx.flush()
    note(tx, by, "rejected", draft, reason=reason)
    return draft
