"""Whose points somebody of the staff may not touch: their own, their household's and their team's.

Staff and members are different accounts; the same username is taken for the same person.
A team is everybody of one role.
"""

from __future__ import annotations

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from mall.errors import Conflict
from mall.identity.models import Member, Staff
from points.earning.versions import By
from points.households.models import MemberHousehold


def refuse_own(tx: Session, member: Member, by: By) -> None:
    """Raise Conflict ``own_account`` or ``own_team`` where ``by`` may neither ask nor decide about a member's points.

    What an account was merged into, and what was merged into it, is the same person.
    """
    staff = tx.get(Staff, by.name.removeprefix("staff:"))
    if staff is None:
        return
    one = member.alias_of or member.id
    accounts = select(Member.id, Member.username_key).where(or_(Member.id == one, Member.alias_of == one))
    person = tx.execute(accounts).all()
    names = {key for _id, key in person if key is not None}
    if staff.username_key in names:
        raise Conflict("own_account")
    colleagues = select(Staff.id).where(Staff.username_key.in_(names), Staff.role == staff.role)
    if tx.execute(colleagues.limit(1)).first() is not None or _share_a_household(tx, staff, [row[0] for row in person]):
        raise Conflict("own_team")


def _share_a_household(tx: Session, staff: Staff, members: list[str]) -> bool:
    own = select(MemberHousehold.tag).join(Member, Member.id == MemberHousehold.member_id)
    own = own.where(Member.username_key == staff.username_key)
    shared = select(MemberHousehold.tag).where(MemberHousehold.member_id.in_(members), MemberHousehold.tag.in_(own))
    return tx.execute(shared.limit(1)).first() is not None
