"""Taking a nickname away that must not be seen: the member gets a neutral one, and is told why."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from mall import audit, outbox
from mall.errors import Conflict, NotFound
from mall.identity.leaving import CLOSED
from mall.identity.members import neutral_nickname
from mall.identity.models import Member


def reset_nickname(
    tx: Session, member_id: str, reason: str, actor: str, now: datetime, request_id: str | None = None
) -> str:
    """Give a member a neutral nickname; returns it. ``reason``: the member reads it in the inbox, and cannot switch
    that off. The old one is kept in the audit trail only. Raises NotFound, Conflict ``account_not_active``.
    """
    asked = select(Member.nickname, Member.status, Member.alias_of).where(Member.id == member_id)
    row = tx.execute(asked).one_or_none()
    if row is None:
        raise NotFound()
    if row.status == CLOSED or row.alias_of is not None:
        raise Conflict("account_not_active")
    name = neutral_nickname()
    tx.execute(update(Member).where(Member.id == member_id).values(nickname=name))
    told = {"before": row.nickname, "after": name, "reason": reason}
    audit.record(tx, actor, "member.nickname_reset", f"member:{member_id}", told, now, request_id)
    news = {"member": member_id, "kind": "account.nickname_reset", "reason": reason, "nickname": name}
    outbox.publish(tx, "account.told", news, now)
    return name
