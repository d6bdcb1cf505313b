"""Which notices a member wants: everything, but for the groups switched off."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from catalog.notices.kinds import GROUPS, group_of
from catalog.notices.models import NoticePreference


def groups_off(tx: Session, member_id: str) -> frozenset[str]:
    """The groups a member has switched off."""
    row = tx.get(NoticePreference, member_id, populate_existing=True)
    return frozenset(row.off if row is not None else ())


def switch_off(tx: Session, member_id: str, groups: Collection[str]) -> None:
    """Switch off ``groups`` (of ``GROUPS``) and nothing else."""
    off = [group for group in GROUPS if group in groups]
    row = insert(NoticePreference).values(member_id=member_id, off=off)
    tx.execute(row.on_conflict_do_update(index_elements=["member_id"], set_={"off": off}))


def wants(tx: Session, member_id: str, kind: str) -> bool:
    """Whether a member is to be told of something of this kind; of what is needed always."""
    group = group_of(kind)
    return group is None or group not in groups_off(tx, member_id)


def forget_preferences(tx: Session, member_id: str) -> None:
    """Of somebody who leaves nothing is kept."""
    tx.execute(delete(NoticePreference).where(NoticePreference.member_id == member_id))
