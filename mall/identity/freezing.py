"""Freezing a member: signing in and reading go on; earning by own deeds and redeeming do not.

What reporting systems send is booked all the same: a freeze is no verdict on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from mall import audit
from mall.errors import Conflict, Invalid, NotFound
from mall.identity.care_models import MemberFreeze
from mall.identity.models import Member
from mall.ids import new_id

ACTIVE, SUSPENDED = "active", "suspended"
SYSTEM = "system"
AT_ONCE = 200


def freeze(
    tx: Session,
    member_id: str,
    reason: str,
    ends_at: datetime | None,
    actor: str,
    now: datetime,
    request_id: str | None = None,
) -> MemberFreeze:
    """Suspend a member, until ``ends_at`` or until somebody lifts it; at once in every open session.

    Raises NotFound, Invalid for an end that is past, Conflict ``already_frozen``, ``member_not_active``.
    """
    member = _locked(tx, member_id)
    if ends_at is not None and ends_at <= now:
        raise Invalid({"until": [_("Must lie in the future.")]})
    if member.status == SUSPENDED:
        raise Conflict("already_frozen")
    if member.status != ACTIVE or member.alias_of is not None:
        raise Conflict("account_not_active")
    row = MemberFreeze(
        id=new_id("frz"), member_id=member_id, reason=reason, ends_at=ends_at, frozen_by=actor, frozen_at=now
    )
    tx.add(row)
    _set_status(tx, member_id, SUSPENDED)
    told = {"reason": reason, "until": ends_at.isoformat() if ends_at else None}
    audit.record(tx, actor, "member.frozen", f"member:{member_id}", told, now, request_id)
    return row


def unfreeze(
    tx: Session, member_id: str, reason: str, actor: str, now: datetime, request_id: str | None = None
) -> None:
    """Let a suspended member act again. Raises NotFound, Conflict ``not_frozen``."""
    if _locked(tx, member_id).status != SUSPENDED:
        raise Conflict("not_frozen")
    row = freeze_of(tx, member_id)
    if row is not None:
        row.lifted_by, row.lifted_at = actor, now
    _set_status(tx, member_id, ACTIVE)
    audit.record(tx, actor, "member.unfrozen", f"member:{member_id}", {"reason": reason}, now, request_id)


def freeze_of(tx: Session, member_id: str) -> MemberFreeze | None:
    """The freeze that holds now."""
    asked = select(MemberFreeze).where(MemberFreeze.member_id == member_id, MemberFreeze.lifted_at.is_(None))
    return tx.scalars(asked).one_or_none()


def freezes_of(tx: Session, accounts: Sequence[str]) -> list[dict[str, Any]]:
    """When somebody's accounts were frozen, until when and when that was lifted; the reason is the staff's own."""
    columns = (MemberFreeze.frozen_at, MemberFreeze.ends_at, MemberFreeze.lifted_at)
    query = select(*columns).where(MemberFreeze.member_id.in_(accounts)).order_by(MemberFreeze.id)
    return [dict(row) for row in tx.execute(query).mappings()]


def lift_due(tx: Session, now: datetime) -> int:
    """Lift freezes whose time is over, at most 200 at this call; how many. Members who have left stay closed."""
    over = select(MemberFreeze).where(MemberFreeze.lifted_at.is_(None), MemberFreeze.ends_at <= now)
    found = tx.scalars(over.order_by(MemberFreeze.member_id).limit(AT_ONCE)).all()
    for row in found:
        if _locked(tx, row.member_id).status == SUSPENDED:
            _set_status(tx, row.member_id, ACTIVE)
            audit.record(tx, SYSTEM, "member.unfrozen", f"member:{row.member_id}", {"reason": "time_is_over"}, now)
        row.lifted_by, row.lifted_at = SYSTEM, now
    tx.flush()
    return len(found)


def _locked(tx: Session, member_id: str) -> Member:
    asked = select(Member).where(Member.id == member_id).with_for_update()
    member = tx.scalars(asked.execution_options(populate_existing=True)).one_or_none()
    if member is None:
        raise NotFound()
    return member


def _set_status(tx: Session, member_id: str, status: str) -> None:
    tx.flush()
    tx.execute(update(Member).where(Member.id == member_id).values(status=status))
