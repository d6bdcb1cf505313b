"""A person leaves: name, credential, sessions and links go; the account stays, without a name, for the ledger."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from mall.http.idempotency import forget_owner
from mall.identity.models import LoginLink, Member
from mall.identity.outside.links import forget_linked
from mall.identity.recovery import forget_codes
from mall.identity.remembered import remembered_owner
from mall.identity.resets import forget_resets
from mall.identity.sessions import end_member_sessions

CLOSED = "closed"


def forget_person(tx: Session, member_id: str) -> None:
    """Take everything that tells who the member is out of the account, and close it for good.

    ``claimed_at`` stays, so that no source is shown figures of the account again.
    """
    member = tx.execute(select(Member).where(Member.id == member_id).with_for_update()).scalar_one()
    for scope in filter(None, (member.username_key, member_id)):
        forget_owner(tx, remembered_owner("anonymous", scope))
    forget_owner(tx, f"member:{member_id}")
    member.username = member.username_key = member.password_hash = member.locale = member.avatar = None
    member.nickname, member.status = "", CLOSED
    tx.execute(delete(LoginLink).where(LoginLink.member_id == member_id))
    forget_codes(tx, member_id)
    forget_linked(tx, member_id)
    forget_resets(tx, member_id)
    end_member_sessions(tx, member_id)
    tx.flush()
