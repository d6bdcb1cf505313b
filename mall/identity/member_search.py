"""Finding members, for the back office."""

from __future__ import annotations

from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from mall.http.pagination import decode_cursor, page_of
from mall.identity.models import Member
from mall.identity.names import username_key


def member_called(tx: Session, text: str) -> Member | None:
    """The member whose id or whole username ``text`` is."""
    return tx.scalars(select(Member).where(or_(Member.id == text, Member.username_key == username_key(text)))).first()


def search_members(tx: Session, text: str | None, limit: int, cursor: str | None) -> dict[str, Any]:
    """Members, the newest first; ``text`` is an id, or the beginning of a username or nickname.

    Raises Invalid for a cursor that is not ours.
    """
    query = select(Member).order_by(Member.id.desc()).limit(limit + 1)
    if text:
        query = query.where(
            or_(
                Member.id == text,
                Member.username_key.startswith(username_key(text), autoescape=True),
                Member.nickname.istartswith(text, autoescape=True),
            )
        )
    last = decode_cursor(cursor, str)
    if last is not None:
        query = query.where(Member.id < last[0])
    return page_of(tx.scalars(query).all(), limit, lambda member: (member.id,))
