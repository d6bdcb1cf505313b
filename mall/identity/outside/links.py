"""Linking sign-ins from elsewhere to accounts, and finding whose they are.

A linked sign-in is a credential of the account's own, like a password: an account that has either is claimed,
a login link to it opens a restricted session, and the last of them is never taken off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from mall import audit
from mall.crypto import keyring
from mall.errors import Conflict, NotFound
from mall.identity.members import checked_nickname, get_member
from mall.identity.models import Member
from mall.identity.outside.models import OutsideIdentity
from mall.identity.told import tell_of_account
from mall.ids import new_id


@dataclass(frozen=True, slots=True)
class Arrived:
    """An identity that a provider vouched for. ``hashes``: of what the provider calls it, the best name first."""

    provider: str
    hashes: tuple[bytes, ...]


def arrived(provider: str, subjects: Sequence[str]) -> Arrived:
    """What is kept of a person who came back from a provider."""
    ring = keyring()
    return Arrived(provider, tuple(ring.hmac16("outside-subject", provider, subject) for subject in subjects))


def holder_of(tx: Session, who: Arrived, now: datetime) -> str | None:
    """Whose sign-in this is, None for one that is linked to nobody. A better name replaces the one stored."""
    mine = (OutsideIdentity.provider == who.provider, OutsideIdentity.subject_hash.in_(who.hashes))
    found = {row.subject_hash: row.member_id for row in tx.scalars(select(OutsideIdentity).where(*mine))}
    known = next((one for one in who.hashes if one in found), None)
    if known is None:
        return None
    used = update(OutsideIdentity).where(
        OutsideIdentity.provider == who.provider, OutsideIdentity.subject_hash == known
    )
    values = {"last_used_at": now, "subject_hash": who.hashes[0]}
    tx.execute(used.values(values).execution_options(synchronize_session=False))
    return found[known]


def link(tx: Session, member_id: str, who: Arrived, now: datetime, request_id: str | None) -> None:
    """Let a member sign in with an identity; an unclaimed account is claimed by it.

    Raises Conflict ``identity_taken`` (somebody's already), ``identity_linked`` (one of this provider is linked),
    ``account_not_active``.
    """
    member = _locked(tx, member_id)
    if member.status == "closed" or member.alias_of is not None:
        raise Conflict("account_not_active")
    holder = holder_of(tx, who, now)
    if holder is not None:
        raise Conflict("identity_linked" if holder == member_id else "identity_taken")
    row = insert(OutsideIdentity).values(
        provider=who.provider, subject_hash=who.hashes[0], member_id=member_id, linked_at=now, last_used_at=now
    )
    done = tx.execute(row.on_conflict_do_nothing().returning(OutsideIdentity.member_id)).scalar_one_or_none()
    if done is None:
        others = [one.provider for one in linked(tx, member_id)]
        raise Conflict("identity_linked" if who.provider in others else "identity_taken")
    if member.claimed_at is None:
        member.claimed_at = now
    tx.flush()
    _note(tx, member_id, "sign_in_linked", who.provider, now, request_id)


def unlink(tx: Session, member_id: str, provider: str, now: datetime, request_id: str | None) -> None:
    """Take a sign-in off. Raises NotFound, Conflict ``last_sign_in``."""
    member = _locked(tx, member_id)  # two taken off at once wait here for each other
    providers = [one.provider for one in linked(tx, member_id)]
    if provider not in providers:
        raise NotFound()
    if member.username is None and len(providers) == 1:
        raise Conflict("last_sign_in")
    gone = delete(OutsideIdentity).where(OutsideIdentity.member_id == member_id, OutsideIdentity.provider == provider)
    tx.execute(gone.execution_options(synchronize_session=False))
    _note(tx, member_id, "sign_in_unlinked", provider, now, request_id)


def open_account(tx: Session, nickname: str, who: Arrived, now: datetime, request_id: str | None) -> str:
    """Open an account that is signed in to with this identity; returns its id.

    Raises Invalid naming ``nickname``, Conflict ``identity_taken``.
    """
    member = Member(
        id=new_id("mem"), nickname=checked_nickname(nickname), status="active", created_at=now, claimed_at=now
    )  # fmt: skip
    tx.add(member)
    tx.flush()
    link(tx, member.id, who, now, request_id)
    return member.id


def linked(tx: Session, member_id: str) -> list[OutsideIdentity]:
    """A member's linked sign-ins, by provider."""
    query = select(OutsideIdentity).where(OutsideIdentity.member_id == member_id)
    return list(tx.scalars(query.order_by(OutsideIdentity.provider)))


def has_own_sign_in(tx: Session, member: Member) -> bool:
    """Whether somebody can sign in to the account by themselves: with a password, or an identity from elsewhere."""
    if member.username is not None:
        return True
    count = select(func.count(OutsideIdentity.member_id)).where(OutsideIdentity.member_id == member.id)
    return tx.execute(count).scalar_one() > 0


def forget_linked(tx: Session, member_id: str) -> None:
    """No identity signs in to this account any more."""
    gone = delete(OutsideIdentity).where(OutsideIdentity.member_id == member_id)
    tx.execute(gone.execution_options(synchronize_session=False))


def _locked(tx: Session, member_id: str) -> Member:
    get_member(tx, member_id)
    asked = select(Member).where(Member.id == member_id).with_for_update()
    return tx.scalars(asked.execution_options(populate_existing=True)).one()


def _note(tx: Session, member_id: str, deed: str, provider: str, now: datetime, request_id: str | None) -> None:
    name = f"member:{member_id}"
    audit.record(tx, name, f"member.{deed}", name, {"provider": provider}, now, request_id)
    tell_of_account(tx, member_id, deed, now)  # type: ignore[arg-type]
