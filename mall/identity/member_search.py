"""Finding members, for the back office."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CompoundSelect, func, or_, select, union_all
from sqlalchemy.orm import Session

from mall.http.pagination import decode_cursor, page_of
from mall.identity.models import Member
from mall.identity.names import username_key


def member_called(tx: Session, text: str) -> Member | None:
    """The member whose id or whole username ``text`` is."""
    return tx.scalars(select(Member).where(or_(Member.id == text, Member.username_key == username_key(text)))).first()


def _called(text: str, before: str | None, most: int) -> CompoundSelect[Any]:
    """Ids of members so called. One query for each index: an OR of the three would read every member."""
    asks = (
        Member.id == text,
        Member.username_key.startswith(username_key(text), autoescape=True),
        func.lower(Member.nickname).startswith(text.lower(), autoescape=True),
    )
    parts = []
    for number, asked in enumerate(asks):
        query = select(Member.id).where(asked)
        query = query if before is None else query.where(Member.id < before)
        # The first by id of those that were found, and not the first found by id: the index comes first.
        found = query.cte(f"called_{number}").prefix_with("MATERIALIZED")
        parts.append(select(found.c.id).order_by(found.c.id.desc()).limit(most))
    return union_all(*parts)


def search_members(tx: Session, text: str | None, limit: int, cursor: str | None) -> dict[str, Any]:
    """Members, the newest first; ``text`` is an id, or the beginning of a username or nickname.

    Raises Invalid for a cursor that is not ours.
    """
    last = decode_cursor(cursor, str)
    query = select(Member).order_by(Member.id.desc()).limit(limit + 1)
    if text:
        query = query.where(Member.id.in_(_called(text, last[0] if last else None, limit + 1)))
    if last is not None:
        query = query.where(Member.id < last[0])
    return page_of(tx.scalars(query).all(), limit, lambda member: (member.id,))
