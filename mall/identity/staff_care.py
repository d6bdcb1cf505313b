"""What owners do about colleagues: invite, give a role, close and open, reset; and what the link of either does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from mall import audit
from mall.audit import AuditEntry
from mall.errors import Conflict, NotFound
from mall.identity.members import checked_username
from mall.identity.models import Staff, StaffLink
from mall.identity.passwords import hash_password
from mall.identity.sessions import end_staff_sessions
from mall.identity.staff import NewStaff, create_staff, forget_authenticator
from mall.identity.staff_recovery import StaffRecoveryCode
from mall.identity.tokens import digest, looks_like_secret, new_secret

LINK_LASTS = timedelta(hours=72)
SIGNED_IN = "staff.signed_in"


@dataclass(frozen=True, slots=True)
class Colleague:
    """Staff as owners see them."""

    id: str
    username: str
    role: str
    created_at: datetime
    disabled_at: datetime | None
    totp_enrolled_at: datetime | None
    invited: bool
    """Whether a link is open with which a password can be chosen."""
    codes_left: int
    """Recovery codes that were not used."""
    last_sign_in_at: datetime | None


@dataclass(frozen=True, slots=True)
class SignIn:
    """One sign-in: when and, where it is known, how and from which address."""

    at: datetime
    origin: str | None


def no_password() -> str:
    """A hash that no password can match in practice: of 256 random bits that nobody is told. Takes 30 ms."""
    return hash_password(new_secret())


def invited_staff(username: str, role: str) -> NewStaff:
    """Check the name of somebody to invite, outside any transaction. Raises Invalid."""
    name, key = checked_username(username)
    return NewStaff(name, key, no_password(), role)


def invite_staff(tx: Session, entry: NewStaff, now: datetime, actor: str) -> tuple[str, str]:
    """Open an account and make its link; returns the id and the link's token. Raises Conflict ``staff_exists``."""
    found = create_staff(tx, entry, now, actor)
    return found.id, _new_link(tx, found.id, now)


def colleagues(tx: Session, now: datetime, staff_id: str | None = None) -> list[Colleague]:
    """All staff by name, the disabled too, or the one of this id."""
    invited = select(StaffLink.staff_id).where(StaffLink.staff_id == Staff.id, StaffLink.expires_at > now).exists()
    left = select(func.count()).where(StaffRecoveryCode.staff_id == Staff.id).scalar_subquery()
    query = select(
        Staff.id, Staff.username, Staff.role, Staff.created_at, Staff.disabled_at, Staff.totp_enrolled_at, invited, left
    ).order_by(Staff.username_key)
    rows: Sequence[Any] = tx.execute(query if staff_id is None else query.where(Staff.id == staff_id)).all()
    names = [f"staff:{row[0]}" for row in rows]
    seen = select(AuditEntry.subject, func.max(AuditEntry.at)).where(
        AuditEntry.subject.in_(names), AuditEntry.action == SIGNED_IN
    )
    last = {row[0]: row[1] for row in tx.execute(seen.group_by(AuditEntry.subject))}
    return [Colleague(*(*row, last.get(f"staff:{row[0]}"))) for row in rows]


def colleague(tx: Session, staff_id: str, now: datetime) -> Colleague:
    """One of them. Raises NotFound."""
    found = colleagues(tx, now, staff_id)
    if not found:
        raise NotFound()
    return found[0]


def last_sign_ins(tx: Session, staff_id: str, most: int = 10) -> list[SignIn]:
    """The latest sign-ins, the newest first."""
    query = select(AuditEntry.at, AuditEntry.origin).where(
        AuditEntry.subject == f"staff:{staff_id}", AuditEntry.action == SIGNED_IN
    )
    return [SignIn(*row) for row in tx.execute(query.order_by(AuditEntry.id.desc()).limit(most))]


def change_role(tx: Session, staff_id: str, role: str, now: datetime, actor: str) -> None:
    """Give another role; it counts from the next request.

    Raises NotFound, Conflict ``last_owner``, ``own_staff_account``.
    """
    found = _locked(tx, staff_id, actor)
    if found.role == role:
        return
    if role != "owner":
        _keep_an_owner(tx, found)
    was, found.role = found.role, role
    tx.flush()
    audit.record(tx, actor, "staff.role_changed", f"staff:{staff_id}", {"before": was, "after": role}, now)


def switch_staff(tx: Session, staff_id: str, disabled: bool, now: datetime, actor: str) -> None:
    """Close an account, which ends its sessions and links, or open it again.

    Raises NotFound, Conflict ``last_owner``, ``own_staff_account``.
    """
    found = _locked(tx, staff_id, actor)
    if disabled == (found.disabled_at is not None):
        return
    if disabled:
        _keep_an_owner(tx, found)
        _end_links(tx, staff_id)
        end_staff_sessions(tx, staff_id)
    found.disabled_at = now if disabled else None
    tx.flush()
    audit.record(tx, actor, "staff.disabled" if disabled else "staff.enabled", f"staff:{staff_id}", {}, now)


def reset_password(tx: Session, staff_id: str, nobodys_hash: str, now: datetime, actor: str) -> str:
    """The old password and every session end; returns the token of a link to choose another.

    ``nobodys_hash``: of ``no_password``, made outside the transaction. Raises NotFound, Conflict ``own_staff_account``.
    """
    _locked(tx, staff_id, actor)
    _store(tx, staff_id, nobodys_hash)
    end_staff_sessions(tx, staff_id)
    audit.record(tx, actor, "staff.password_reset", f"staff:{staff_id}", {}, now)
    return _new_link(tx, staff_id, now)


def set_staff_password(
    tx: Session, staff_id: str, password_hash: str, now: datetime, actor: str, *, keep_session: str | None = None
) -> None:
    """Store a chosen password; every session but ``keep_session`` and every open link ends."""
    _store(tx, staff_id, password_hash)
    _end_links(tx, staff_id)
    end_staff_sessions(tx, staff_id, but=keep_session)
    audit.record(tx, actor, "staff.password_changed", f"staff:{staff_id}", {}, now)


def reset_authenticator(tx: Session, staff_id: str, now: datetime, actor: str) -> None:
    """Forget the authenticator and recovery codes, and end every session.

    Raises NotFound, Conflict ``own_staff_account``.
    """
    _locked(tx, staff_id, actor)
    forget_authenticator(tx, staff_id)
    end_staff_sessions(tx, staff_id)
    audit.record(tx, actor, "staff.otp_reset", f"staff:{staff_id}", {}, now)


def holder_of_link(tx: Session, token: str, now: datetime) -> tuple[str, str]:
    """Id and username of whom a link is for. Raises NotFound ``login_link_invalid``."""
    query = select(Staff.id, Staff.username).join(StaffLink, StaffLink.staff_id == Staff.id)
    live = (StaffLink.token_hash == digest(token), StaffLink.expires_at > now, Staff.disabled_at.is_(None))
    row = tx.execute(query.where(*live)).one_or_none() if looks_like_secret(token) else None
    if row is None:
        raise NotFound("login_link_invalid")
    return row[0], row[1]


def use_link(tx: Session, token: str, password_hash: str, now: datetime) -> None:
    """Choose a password by a link, once. Raises NotFound ``login_link_invalid``."""
    staff_id, _username = holder_of_link(tx, token, now)
    used = delete(StaffLink).where(StaffLink.token_hash == digest(token)).returning(StaffLink.staff_id)
    if tx.execute(used.execution_options(synchronize_session=False)).one_or_none() is None:
        raise NotFound("login_link_invalid")  # somebody else pressed at the same moment
    set_staff_password(tx, staff_id, password_hash, now, f"staff:{staff_id}")


def _locked(tx: Session, staff_id: str, actor: str) -> Staff:
    # All owners first, in order of id: two owners who demote each other at once wait here, one after the other.
    tx.execute(select(Staff.id).where(Staff.role == "owner").order_by(Staff.id).with_for_update())
    found = tx.scalars(select(Staff).where(Staff.id == staff_id).with_for_update()).one_or_none()
    if found is None:
        raise NotFound()
    if actor == f"staff:{staff_id}":
        raise Conflict("own_staff_account")
    tx.refresh(found)
    return found


def _keep_an_owner(tx: Session, leaving: Staff) -> None:
    others = select(func.count()).where(Staff.role == "owner", Staff.disabled_at.is_(None), Staff.id != leaving.id)
    if leaving.role == "owner" and leaving.disabled_at is None and not tx.execute(others).scalar_one():
        raise Conflict("last_owner")


def _store(tx: Session, staff_id: str, password_hash: str) -> None:
    statement = update(Staff).where(Staff.id == staff_id).values(password_hash=password_hash)
    tx.execute(statement.execution_options(synchronize_session=False))


def _end_links(tx: Session, staff_id: str) -> None:
    gone = delete(StaffLink).where(StaffLink.staff_id == staff_id)
    tx.execute(gone.execution_options(synchronize_session=False))


def _new_link(tx: Session, staff_id: str, now: datetime) -> str:
    """Another link; the one before is worth nothing from now on."""
    _end_links(tx, staff_id)
    token = new_secret()
    tx.add(StaffLink(token_hash=digest(token), staff_id=staff_id, created_at=now, expires_at=now + LINK_LASTS))
    tx.flush()
    return token
