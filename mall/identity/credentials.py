"""Reading the credential somebody claims to have. The hash is compared outside the transaction that reads it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from mall.identity.models import Member, Staff


@dataclass(frozen=True, slots=True)
class Credential:
    """A holder's id, the name the limits count under, and the stored hash."""

    holder_id: str
    username_key: str
    password_hash: str


def member_credential(tx: Session, username_key: str) -> Credential | None:
    """The credential of a member who may sign in, None without one."""
    query = select(Member.id, Member.password_hash).where(
        Member.username_key == username_key, Member.status != "closed"
    )
    row = tx.execute(query).one_or_none()
    return None if row is None or row[1] is None else Credential(row[0], username_key, row[1])


def own_credential(tx: Session, member_id: str) -> Credential | None:
    """A signed-in member's own credential, None on an account that has none yet."""
    query = select(Member.username_key, Member.password_hash).where(Member.id == member_id)
    row = tx.execute(query).one_or_none()
    return None if row is None or row[0] is None or row[1] is None else Credential(member_id, row[0], row[1])


def staff_credential(tx: Session, username_key: str) -> Credential | None:
    """The credential of staff who may sign in, None without one."""
    query = select(Staff.id, Staff.password_hash).where(Staff.username_key == username_key, Staff.disabled_at.is_(None))
    row = tx.execute(query).one_or_none()
    return None if row is None else Credential(row[0], username_key, row[1])


def store_staff_hash(tx: Session, staff_id: str, password_hash: str) -> None:
    """Store a hash of the same password made with today's parameters."""
    staff = tx.get_one(Staff, staff_id)
    staff.password_hash = password_hash
    tx.flush()
