"""Commending members: staff offer, the member decides, and may decide otherwise at any time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from mall import audit, outbox
from mall.db import must_get
from mall.errors import Conflict, NotFound
from mall.http.pagination import decode_cursor, encode_cursor, newest_first
from mall.identity.avatars import avatar_of
from mall.identity.models import Member
from mall.ids import new_id
from points.earning.versions import By
from points.honours.models import Commendation

RETRACTED = "retracted"


@dataclass(frozen=True, slots=True)
class Honour:
    """A commendation that everybody may read, with its member's name and face."""

    id: str
    nickname: str
    avatar: str
    words: Mapping[str, str]
    since: datetime


def commend(tx: Session, member_id: str, words: Mapping[str, str], by: By) -> Commendation:
    """Offer a member a commendation; nobody but the member sees it yet. Raises NotFound, Conflict
    ``member_not_active``."""
    member = must_get(tx, Member, member_id)
    if member.status != "active" or member.alias_of is not None:
        raise Conflict("member_not_active")
    row = Commendation(
        id=new_id("hon"), member_id=member_id, words=dict(words), state="offered", created_by=by.name, created_at=by.now
    )
    tx.add(row)
    tx.flush()
    outbox.publish(tx, "standing.told", {"member": member_id, "kind": "honour.offered"}, by.now)
    _note(tx, "offered", row, by)
    return row


def retract(tx: Session, commendation_id: str, by: By) -> None:
    """Take a commendation back for good. Raises NotFound."""
    row = tx.get(Commendation, commendation_id, with_for_update=True)
    if row is None or row.state == RETRACTED:
        raise NotFound()
    row.state, row.answered_at = RETRACTED, by.now
    tx.flush()
    _note(tx, RETRACTED, row, by)


def answer(tx: Session, member_id: str, commendation_id: str, agreed: bool, now: datetime) -> Commendation:
    """The member's decision, which may change at any time; the same one again changes nothing. Raises NotFound."""
    row = tx.get(Commendation, commendation_id, with_for_update=True)
    if row is None or row.member_id != member_id or row.state == RETRACTED:
        raise NotFound()
    if agreed == (row.state == "public"):
        wanted = row.state if agreed or row.state != "offered" else "declined"
    else:
        wanted = "public" if agreed else "withdrawn"
    if wanted != row.state:
        row.state, row.answered_at = wanted, now
        tx.flush()
        name = f"member:{member_id}"
        audit.record(tx, name, f"commendation.{wanted}", f"commendation:{row.id}", {}, now)
    return row


def own_commendations(tx: Session, member_id: str) -> Sequence[Commendation]:
    """A member's commendations that staff have not taken back, the newest first."""
    mine = select(Commendation).where(Commendation.member_id == member_id, Commendation.state != RETRACTED)
    return tx.scalars(mine.order_by(Commendation.id.desc())).all()


def honours_page(tx: Session, limit: int, cursor_text: str | None) -> tuple[list[Honour], str | None]:
    """Commendations of members who agreed and are active, the newest first, and the cursor of the next page."""
    query = (
        select(Commendation, Member.nickname, Member.avatar)
        .join(Member, Member.id == Commendation.member_id)
        .where(Commendation.state == "public", Member.status == "active")
        .order_by(Commendation.id.desc())
    )
    seen = decode_cursor(cursor_text, str)
    if seen is not None:
        query = query.where(Commendation.id < seen[0])
    rows = tx.execute(query.limit(limit + 1)).all()
    shown = [
        Honour(row.id, nickname, avatar_of(row.member_id, avatar), row.words, row.answered_at or row.created_at)
        for row, nickname, avatar in rows[:limit]
    ]
    return shown, encode_cursor(shown[-1].id) if len(rows) > limit else None


def commendations_page(tx: Session, limit: int, cursor_text: str | None) -> dict[str, Any]:
    """All commendations for staff, the newest first."""
    return newest_first(tx, select(Commendation), Commendation.id, limit, cursor_text)


def forget_commendations(tx: Session, member_id: str) -> None:
    """Nothing is left of the honours of somebody who leaves."""
    tx.execute(delete(Commendation).where(Commendation.member_id == member_id))


def _note(tx: Session, deed: str, row: Commendation, by: By) -> None:
    told = {"member": row.member_id}
    audit.record(tx, by.name, f"commendation.{deed}", f"commendation:{row.id}", told, by.now, by.request_id)
