"""A new password for a member who lost it and every recovery code.

One of the staff asks and writes down how the member was recognised, another approves and is shown a link that works
once, for a day, to be handed over in person. Never for the member account of somebody who works here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from mall import audit, two_persons
from mall.errors import Conflict, NotFound
from mall.identity.care_models import PasswordReset
from mall.identity.members import get_member, set_password
from mall.identity.models import Member, Staff
from mall.identity.recovery import forget_codes
from mall.identity.sessions import end_member_sessions
from mall.identity.tokens import digest, looks_like_secret, new_secret
from mall.identity.told import tell_of_account
from mall.ids import new_id
from mall.two_persons import Person, find_request, open_request, refuse_decision, request_page, write_decision

LASTS = timedelta(hours=24)
STATES = (*two_persons.STATES, "used")
SHOWN_OF_ONE = 20


@dataclass(frozen=True, slots=True)
class ResetHolder:
    """Whose link it is."""

    reset_id: str
    member_id: str
    username: str
    username_key: str


def ask_reset(tx: Session, member_id: str, reason: str, identified: str, by: Person) -> PasswordReset:
    """Ask for a new password; changes nothing of the account.

    Raises NotFound, Conflict ``account_not_active``, ``no_password``, ``colleagues_account``, ``reset_asked``.
    """
    _check(tx, get_member(tx, member_id))
    row = PasswordReset(
        id=new_id("pwr"), member_id=member_id, reason=reason, identified=identified, state="requested",
        requested_by=by.name, requested_at=by.now,
    )  # fmt: skip
    try:
        with tx.begin_nested():
            tx.add(row)
    except IntegrityError as error:
        raise Conflict("reset_asked") from error
    _note(tx, "asked", row, by)
    return row


def approve_reset(tx: Session, reset_id: str, by: Person) -> tuple[PasswordReset, str]:
    """Make the link: the request and the link's token, which is nowhere else. Links made before end.

    Whoever approved may do it again while the link is good, should it be lost before it was handed over: another
    link, until the same moment. The member is told at once, so that somebody who did not ask can still object.
    Raises NotFound, Conflict ``already_decided``, ``own_request`` and as ``ask_reset``.
    """
    row = find_request(tx, PasswordReset, reset_id, lock=True)
    mine = row.state == "approved" and row.decided_by == by.name
    if not mine or row.expires_at is None or row.expires_at <= by.now:
        refuse_decision(row, by)
        row.expires_at = by.now + LASTS
    _check(tx, get_member(tx, row.member_id))
    _end_links(tx, row.member_id)
    token = new_secret()
    row.token_hash = digest(token)
    if row.state == "requested":
        _decide(tx, row, "approved", "", by)
        tell_of_account(tx, row.member_id, "reset_approved", by.now)
    else:
        tx.flush()
        _note(tx, "link_renewed", row, by)
    return row, token


def reject_reset(tx: Session, reset_id: str, note: str, by: Person) -> PasswordReset:
    """Refuse a request. Raises NotFound, Conflict ``already_decided``, ``own_request``."""
    return _decide(tx, open_request(tx, PasswordReset, reset_id, by), "rejected", note, by)


def reset_request(tx: Session, reset_id: str) -> PasswordReset:
    """One request. Raises NotFound."""
    return find_request(tx, PasswordReset, reset_id)


def reset_page(tx: Session, state: str | None, limit: int, cursor: str | None) -> dict[str, Any]:
    """Requests, newest first. Raises Invalid for a cursor that is not ours."""
    return request_page(tx, PasswordReset, state, limit, cursor)


def resets_of(tx: Session, member_id: str) -> list[PasswordReset]:
    """Requests about a member, newest first."""
    query = select(PasswordReset).where(PasswordReset.member_id == member_id).order_by(PasswordReset.id.desc())
    return list(tx.scalars(query.limit(SHOWN_OF_ONE)))


def reset_moments(tx: Session, accounts: Sequence[str]) -> list[dict[str, Any]]:
    """What a member is told of new passwords by the staff: when, and what became of it."""
    columns = (PasswordReset.state, PasswordReset.requested_at, PasswordReset.decided_at, PasswordReset.used_at)
    query = select(*columns).where(PasswordReset.member_id.in_(accounts)).order_by(PasswordReset.id)
    return [dict(row) for row in tx.execute(query).mappings()]


def holder_of_reset(tx: Session, token: str, now: datetime) -> ResetHolder:
    """Whom a link is for; looking spends nothing. Raises NotFound ``login_link_invalid``."""
    query = (
        select(PasswordReset.id, Member.id, Member.username, Member.username_key)
        .join(Member, Member.id == PasswordReset.member_id)
        .where(
            PasswordReset.token_hash == digest(token), PasswordReset.state == "approved",
            PasswordReset.expires_at > now, Member.status != "closed", Member.alias_of.is_(None),
        )
    )  # fmt: skip
    row = tx.execute(query).one_or_none() if looks_like_secret(token) else None
    if row is None or row[2] is None or row[3] is None:
        raise NotFound("login_link_invalid")
    return ResetHolder(row[0], row[1], row[2], row[3])


def use_reset(tx: Session, token: str, password_hash: str, now: datetime, request_id: str | None) -> str:
    """Set the new password, once; every session, recovery code and link ends. Returns the member's id.

    Raises NotFound ``login_link_invalid``.
    """
    holder = holder_of_reset(tx, token, now)
    spent = update(PasswordReset).where(PasswordReset.id == holder.reset_id, PasswordReset.state == "approved")
    values = {"state": "used", "used_at": now, "token_hash": None}
    done = tx.execute(spent.values(values).returning(PasswordReset.id).execution_options(synchronize_session=False))
    if done.one_or_none() is None:
        raise NotFound("login_link_invalid")  # somebody else pressed at the same moment
    set_password(tx, holder.member_id, password_hash)
    forget_codes(tx, holder.member_id)
    end_member_sessions(tx, holder.member_id)
    name = f"member:{holder.member_id}"
    audit.record(tx, name, "member.password_reset", name, {"reset": holder.reset_id}, now, request_id)
    tell_of_account(tx, holder.member_id, "password_reset", now)
    return holder.member_id


def forget_resets(tx: Session, member_id: str) -> None:
    """What was written down to recognise a member goes with the member."""
    mine = delete(PasswordReset).where(PasswordReset.member_id == member_id)
    tx.execute(mine.execution_options(synchronize_session=False))


def _check(tx: Session, member: Member) -> None:
    if member.status == "closed" or member.alias_of is not None:
        raise Conflict("account_not_active")
    if member.username is None:
        raise Conflict("no_password")
    # The same username is taken for the same person. Not only one's own: two colleagues could help each other.
    works_here = select(Staff.id).where(Staff.username_key == member.username_key)
    if tx.execute(works_here).first() is not None:
        raise Conflict("colleagues_account")


def _decide(tx: Session, row: PasswordReset, state: str, note: str, by: Person) -> PasswordReset:
    write_decision(tx, row, state, note, by)
    _note(tx, state, row, by)
    return row


def _end_links(tx: Session, member_id: str) -> None:
    mine = update(PasswordReset).where(PasswordReset.member_id == member_id, PasswordReset.token_hash.is_not(None))
    tx.execute(mine.values(token_hash=None).execution_options(synchronize_session=False))


def _note(tx: Session, deed: str, row: PasswordReset, by: Person) -> None:
    # Not the words: they may say who the member is, and the trail is kept for good.
    told = {"reset": row.id}
    audit.record(tx, by.name, f"member.reset_{deed}", f"member:{row.member_id}", told, by.now, by.request_id)
