"""Members: opening accounts, with a credential or unclaimed, and what a member may change.

``register`` is ``enter_member(tx, registration(…), now)``: the hash is made outside the transaction.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from mall.db import must_get
from mall.errors import Conflict, Invalid, Unauthenticated
from mall.identity.avatars import avatar_of, checked_avatar
from mall.identity.models import Member
from mall.identity.names import BadText, clean_nickname, clean_username, default_nickname
from mall.identity.passwords import check_new_password, hash_password
from mall.ids import new_id

USERNAME_REFUSALS = {
    "short": _l("A username needs at least 3 characters."),
    "long": _l("A username may have at most 32 characters."),
    "characters": _l("A username is made of letters, digits, dots, underscores and hyphens."),
}
_NICKNAME_WHY = {
    "short": _l("Please give a nickname."),
    "long": _l("A nickname may have at most 20 characters."),
    "characters": _l("Contains a character that is not allowed."),
    "invisible": _l("Nobody could see this nickname."),
}
_UNCLAIMED_NAME = "网友"
"""Beginning of the nickname of somebody who has not chosen one."""


@dataclass(frozen=True, slots=True)
class Registration:
    """A checked application for an account; the password is hashed already."""

    username: str
    username_key: str
    password_hash: str
    nickname: str


def checked_username(text: str) -> tuple[str, str]:
    """A username and its key. Raises Invalid naming ``username``."""
    try:
        return clean_username(text)
    except BadText as error:
        raise Invalid({"username": [str(USERNAME_REFUSALS[error.reason])]}) from error


def checked_nickname(text: str) -> str:
    """A nickname. Raises Invalid naming ``nickname``."""
    try:
        return clean_nickname(text)
    except BadText as error:
        raise Invalid({"nickname": [str(_NICKNAME_WHY[error.reason])]}) from error


def registration(username: str, password: str, nickname: str | None = None) -> Registration:
    """Check an application and hash its password: outside any transaction. Raises Invalid."""
    name, key = checked_username(username)
    shown = checked_nickname(nickname) if nickname is not None else default_nickname(name)
    check_new_password(password, name)
    return Registration(name, key, hash_password(password), shown)


def enter_member(tx: Session, entry: Registration, now: datetime) -> Member:
    """Open the account. Raises Conflict ``username_taken`` (409)."""
    values = {
        "id": new_id("mem"),
        "username": entry.username,
        "username_key": entry.username_key,
        "password_hash": entry.password_hash,
        "nickname": entry.nickname,
        "status": "active",
        "created_at": now,
        "claimed_at": now,
    }
    statement = insert(Member).values(values).on_conflict_do_nothing(index_elements=["username_key"])
    opened = tx.execute(statement.returning(Member.id)).scalar_one_or_none()
    if opened is None:
        raise Conflict("username_taken")
    return get_member(tx, opened)


def register(tx: Session, username: str, password: str, nickname: str | None, now: datetime) -> Member:
    """Check, hash and open in one go, for demo data and tests; routes hash before their transaction."""
    return enter_member(tx, registration(username, password, nickname), now)


_OPEN = """INSERT INTO members (id, nickname, status, created_at)
 SELECT n.id, n.nickname, 'active', %s FROM unnest(%s::text[], %s::text[]) AS n(id, nickname)"""


def neutral_nickname() -> str:
    """A nickname that says nothing, for somebody who has chosen none or whose own was taken away."""
    return f"{_UNCLAIMED_NAME}{secrets.randbelow(10**6):06d}"


def open_unclaimed(cur: psycopg.Cursor[tuple], count: int, now: datetime) -> list[str]:
    """Open ``count`` accounts for people a source speaks of; returns their ids."""
    ids = [new_id("mem") for _ in range(count)]
    names = [neutral_nickname() for _ in ids]
    cur.execute(_OPEN, (now, ids, names))
    return ids


def get_member(tx: Session, member_id: str) -> Member:
    """A member by id. Raises NotFound."""
    return must_get(tx, Member, member_id)


def lock_present(tx: Session, member_id: str) -> None:
    """Lock the row of a member about whom something is to be kept, so that they do not leave meanwhile.

    Whoever leaves locks it too, before anything is forgotten. After the wallet, before orders. Raises Unauthenticated
    for a member who has left, or whose account has become part of another, since the request was let in.
    """
    row = select(Member.status, Member.alias_of).where(Member.id == member_id).with_for_update(key_share=True)
    status, alias_of = tx.execute(row).one()
    if status == "closed" or alias_of is not None:
        raise Unauthenticated("authentication_required")


def aliases_of(tx: Session, member_id: str) -> list[str]:
    """Accounts that were merged into this one, by id."""
    return list(tx.scalars(select(Member.id).where(Member.alias_of == member_id).order_by(Member.id)))


def is_claimed(tx: Session, member_id: str) -> bool:
    """Whether the person behind the account has taken it over: it has, or had, a sign-in of its own."""
    query = select(Member.claimed_at).where(Member.id == member_id)
    return tx.execute(query).scalar_one_or_none() is not None


def profile(tx: Session, member_id: str) -> dict[str, Any]:
    """What a member sees of the own account, points and levels left out. Raises NotFound."""
    member = get_member(tx, member_id)
    return {
        "id": member.id,
        "username": member.username,
        "nickname": member.nickname,
        "avatar": avatar_of(member.id, member.avatar),
        "locale": member.locale,
        "status": member.status,
        "joined_at": member.created_at,
    }


def change_profile(tx: Session, member_id: str, changes: Mapping[str, Any]) -> None:
    """Set ``nickname``, ``locale`` and ``avatar`` where given; ``locale`` None follows the browser, ``avatar`` None is
    the one that the id gives. Raises Invalid."""
    lock_present(tx, member_id)
    member = get_member(tx, member_id)
    if "nickname" in changes:
        member.nickname = checked_nickname(changes["nickname"])
    if "locale" in changes:
        member.locale = changes["locale"]
    if "avatar" in changes:
        member.avatar = checked_avatar(changes["avatar"])
    tx.flush()


def claim_account(tx: Session, member_id: str, entry: Registration, now: datetime) -> None:
    """Give an account without a password its first; the nickname stays.

    Raises Conflict ``credential_exists`` or ``username_taken`` (409).
    """
    statement = (
        update(Member)
        .where(Member.id == member_id, Member.username.is_(None), Member.status == "active")
        .values(
            username=entry.username,
            username_key=entry.username_key,
            password_hash=entry.password_hash,
            claimed_at=func.coalesce(Member.claimed_at, now),
        )
        .execution_options(synchronize_session=False)
    )
    try:
        changed = tx.execute(statement.returning(Member.id)).scalar_one_or_none()
    except IntegrityError as error:
        raise Conflict("username_taken") from error
    if changed is None:
        raise Conflict("credential_exists")


def set_password(tx: Session, member_id: str, password_hash: str, *, instead_of: str | None = None) -> None:
    """Store a new hash; with ``instead_of`` only if the stored one is still that."""
    statement = update(Member).where(Member.id == member_id, Member.password_hash.is_not(None))
    if instead_of is not None:
        statement = statement.where(Member.password_hash == instead_of)
    tx.execute(statement.values(password_hash=password_hash).execution_options(synchronize_session=False))
