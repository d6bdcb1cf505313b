"""The edge's part of signing in, the same for the API and the pages.

A transaction commits the attempt whatever follows; the hash is compared outside of any; a second transaction opens
the session and takes the attempt back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from mall import audit, clock
from mall.db import Login, run_tx
from mall.errors import Unauthenticated
from mall.identity import attempts, credentials
from mall.identity.attempts import Attempt
from mall.identity.credentials import Credential
from mall.identity.members import set_password
from mall.identity.names import username_key
from mall.identity.passwords import hash_password, needs_rehash, password_matches
from mall.identity.sessions import OpenedSession, open_session
from mall.identity.staff import check_otp

Finder = Callable[[Session], Credential | None]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who wants to sign in, from where, with what. ``kind``: ``browser`` or ``api``."""

    address: str | None
    device: str
    kind: str


@dataclass(frozen=True, slots=True)
class Proof:
    """A credential that was right; ``new_hash`` when the stored one is of older parameters."""

    credential: Credential
    attempt: Attempt
    new_hash: str | None


def prove_password(login: Login, realm: str, key: str, address: str | None, password: str, find: Finder) -> Proof:
    """Count the attempt, then compare. Raises TooMany (429), Unauthenticated ``invalid_credentials``.

    Open no transaction around this. A name that does not exist takes as long as a wrong password.
    """
    attempt = attempts.attempt_on(realm, key, address, clock.now())

    def begin(tx: Session) -> Credential | None:
        attempts.admit(tx, attempt)
        return find(tx)

    found = run_tx(login, begin)
    if not password_matches(found.password_hash if found else None, password) or found is None:
        raise Unauthenticated("invalid_credentials")
    new_hash = hash_password(password) if needs_rehash(found.password_hash) else None
    return Proof(found, attempt, new_hash)


def prove_member(username: str, password: str, address: str | None) -> Proof:
    """``prove_password`` for a member who gives a username."""
    key = username_key(username)
    return prove_password(
        Login.REDEMPTION, "member", key, address, password, lambda tx: credentials.member_credential(tx, key)
    )


def prove_own(member_id: str, password: str, address: str | None) -> Proof:
    """``prove_password`` for a member who is signed in already; counted under the same limits."""
    own = run_tx(Login.REDEMPTION, lambda tx: credentials.own_credential(tx, member_id))
    if own is None:
        raise Unauthenticated("invalid_credentials")
    return prove_password(Login.REDEMPTION, "member", own.username_key, address, password, lambda _tx: own)


def prove_staff(username: str, password: str, address: str | None) -> Proof:
    """``prove_password`` for staff."""
    key = username_key(username)
    return prove_password(
        Login.BACKOFFICE, "staff", key, address, password, lambda tx: credentials.staff_credential(tx, key)
    )


def accept(tx: Session, proof: Proof) -> None:
    """Take the attempt back and renew a member's hash that is out of date."""
    attempts.forgive(tx, proof.attempt)
    if proof.new_hash is not None:
        set_password(tx, proof.credential.holder_id, proof.new_hash, instead_of=proof.credential.password_hash)


def open_member_session(tx: Session, proof: Proof, visitor: Visitor, now: datetime) -> OpenedSession:
    """The session of a member whose password was right and whose attempt was taken back (``accept``)."""
    return open_session(tx, now, kind=visitor.kind, member_id=proof.credential.holder_id, device=visitor.device)


def open_staff_session(
    tx: Session, proof: Proof, otp: str | None, visitor: Visitor, now: datetime, request_id: str | None = None
) -> OpenedSession:
    """The session of staff whose password was right. Raises Unauthenticated ``otp_required`` or
    ``invalid_credentials`` for an enrolled one without a fresh code."""
    staff_id = proof.credential.holder_id
    check_otp(tx, staff_id, otp, now)
    attempts.forgive(tx, proof.attempt)
    if proof.new_hash is not None:
        credentials.store_staff_hash(tx, staff_id, proof.new_hash)
    name = f"staff:{staff_id}"
    audit.record(tx, name, "staff.signed_in", name, {}, now, request_id)
    return open_session(tx, now, kind=visitor.kind, staff_id=staff_id, device=visitor.device)
