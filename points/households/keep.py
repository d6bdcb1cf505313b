"""Which household a member is counted in: set by staff, read by rules.

Order of locks: the member's wallet, then households by tag. An order takes them the same way, so a member never
moves from one household to another in the middle of an order that is counted.
"""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from mall import audit
from mall.db import cursor
from mall.identity.members import get_member
from points.earning.versions import By
from points.households.models import Household, MemberHousehold
from points.ledger.books import open_books


def household_of(tx: Session, member_id: str) -> str | None:
    """The tag of a member's household; None for none."""
    return tx.scalar(select(MemberHousehold.tag).where(MemberHousehold.member_id == member_id))


def set_household(tx: Session, member_id: str, tag: str | None, by: By) -> str | None:
    """Count a member in a household from now on, orders of before included; None: in none. Raises NotFound."""
    member = get_member(tx, member_id)
    own = member.alias_of or member.id
    with open_books(tx, [own], by.now):
        before = household_of(tx, own)
        if tag is not None:
            tx.execute(insert(Household).values(tag=tag, created_at=by.now).on_conflict_do_nothing())
        for one in sorted({name for name in (before, tag) if name is not None}):
            lock_household(tx, one)
        tx.execute(delete(MemberHousehold).where(MemberHousehold.member_id == own))
        if tag is not None:
            tx.execute(insert(MemberHousehold).values(member_id=own, tag=tag))
    if before != tag:
        audit.record(tx, by.name, "member.household_set", f"member:{own}", {"before": before, "after": tag}, by.now,
                     by.request_id)  # fmt: skip
    return tag


def lock_household(tx: Session, tag: str) -> None:
    """Let nobody else count or change a household until the transaction ends. After the wallet, before stock."""
    cursor(tx).execute("SELECT 1 FROM households WHERE tag = %s FOR UPDATE", (tag,))


def carry_household(tx: Session, source_id: str, target_id: str) -> str | None:
    """Two accounts become one, which keeps its household, or takes the other's where it has none; returns the tag.

    Under the locks of both wallets.
    """
    theirs, own = household_of(tx, source_id), household_of(tx, target_id)
    for tag in sorted({tag for tag in (theirs, own) if tag is not None}):
        lock_household(tx, tag)
    forget_household(tx, source_id)
    if own is None and theirs is not None:
        tx.execute(insert(MemberHousehold).values(member_id=target_id, tag=theirs))
    return own or theirs


def housemates(tx: Session, tag: str) -> list[str]:
    """Everybody counted in a household, by id."""
    asked = select(MemberHousehold.member_id).where(MemberHousehold.tag == tag).order_by(MemberHousehold.member_id)
    return list(tx.scalars(asked))


def forget_household(tx: Session, member_id: str) -> None:
    """A member leaves: a household could tell whose the account was."""
    tx.execute(delete(MemberHousehold).where(MemberHousehold.member_id == member_id))
