"""What the owner decided for all gifts at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.redemption.models import RedemptionPolicy
from mall import audit


@dataclass(frozen=True, slots=True)
class Policy:
    """``approval_above_points``: orders that cost more are confirmed by staff first; None: only as the gift says."""

    approval_above_points: int | None


def read_policy(tx: Session) -> Policy:
    """The policy in force."""
    return Policy(tx.execute(select(RedemptionPolicy.approval_above_points)).scalar_one())


def change_policy(tx: Session, policy: Policy, actor: str, now: datetime, request_id: str | None = None) -> Policy:
    """Put a policy in force for orders placed from now on."""
    row = tx.execute(select(RedemptionPolicy).with_for_update()).scalar_one()
    detail = {"before": row.approval_above_points, "after": policy.approval_above_points}
    row.approval_above_points = policy.approval_above_points
    audit.record(tx, actor, "redemption_policy.changed", "redemption_policy", detail, now, request_id)
    tx.flush()
    return policy
