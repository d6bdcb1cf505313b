"""Notes of staff about a member: written once, read by staff alone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from mall import audit
from mall.http.pagination import newest_first
from mall.identity.care_models import MemberNote
from mall.identity.members import get_member
from mall.identity.models import Member
from mall.ids import new_id


def add_note(
    tx: Session, member_id: str, words: str, author: str, now: datetime, request_id: str | None = None
) -> MemberNote:
    """Write a note; the audit trail says that, not what. Raises NotFound."""
    member = get_member(tx, member_id)
    note = MemberNote(id=new_id("not"), member_id=member.id, words=words, author=author, at=now)
    tx.add(note)
    tx.flush()
    audit.record(tx, author, "member.note_added", f"member:{member.id}", {"note": note.id}, now, request_id)
    return note


def notes_page(tx: Session, member_id: str, limit: int, cursor: str | None) -> dict[str, Any]:
    """Notes about a member and about the accounts merged into this one, the newest first.

    Raises Invalid for a cursor that is not ours.
    """
    merged = select(Member.id).where(Member.alias_of == member_id)
    about = or_(MemberNote.member_id == member_id, MemberNote.member_id.in_(merged))
    return newest_first(tx, select(MemberNote).where(about), MemberNote.id, limit, cursor)


def forget_notes(tx: Session, member_id: str) -> None:
    """A member leaves: what was written about the person goes too."""
    gone = delete(MemberNote).where(MemberNote.member_id == member_id)
    tx.execute(gone.execution_options(synchronize_session=False))
