"""Finding members, for the back office."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, collate, func, literal, or_, select
from sqlalchemy.orm import Session

from mall.http.pagination import newest_first
from mall.identity.models import Member
from mall.identity.names import username_key

FEW = 2_000
"""Members up to which those a name finds are put in order; of more, the newest are soon met on the way through all."""
LAST_CHARACTER = "\U0010ffff"


def member_called(tx: Session, text: str) -> Member | None:
    """The member whose id or whole username ``text`` is."""
    return tx.scalars(select(Member).where(or_(Member.id == text, Member.username_key == username_key(text)))).first()


def search_members(tx: Session, text: str | None, limit: int, cursor: str | None) -> dict[str, Any]:
    """Members, the newest first; ``text`` is an id, or the beginning of a username or nickname.

    Raises Invalid for a cursor that is not ours.
    """
    query = select(Member)
    if text:
        found = [tx.scalars(select(Member.id).where(one).limit(FEW + 1)).all() for one in _called(text)]
        if all(len(ids) <= FEW for ids in found):
            query = query.where(Member.id.in_({member_id for ids in found for member_id in ids}))
        else:
            query = query.where(or_(*_called(text)))
    return newest_first(tx, query, Member.id, limit, cursor)


def _called(text: str) -> list[ColumnElement[bool]]:
    """Who may be meant; ranges in byte order, so that the indexes of names find them. Lower case is that of ASCII."""
    nickname, sought = (func.lower(collate(word, "C")) for word in (Member.nickname, literal(text)))
    username = username_key(text)
    return [
        Member.id == text,
        and_(Member.username_key >= username, Member.username_key < username + LAST_CHARACTER),
        and_(nickname >= sought, nickname < func.concat(sought, LAST_CHARACTER)),
    ]
