"""Announcements as members find them: those that stand now, are for them, and are wanted or important."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from catalog.announcements.models import Announcement, AnnouncementRead
from catalog.notices.models import NoticePreference
from mall.errors import NotFound
from points.segments.filters import read_filter
from points.segments.membership import Membership
from points.segments.models import Segment

GROUP = "news"
"""The group of notices (``catalog.notices.kinds``) that may be switched off; what is important comes all the same."""
MOST = 100
"""Announcements that an inbox lists at most; the newest."""


@dataclass(frozen=True, slots=True)
class Told:
    """An announcement in a member's inbox."""

    row: Announcement
    read_at: datetime | None


def told_to(tx: Session, member_id: str, now: datetime, *, unread: bool = False) -> list[Told]:
    """The member's announcements, the newest first; ``unread``: those not read yet."""
    mine = and_(AnnouncementRead.announcement_id == Announcement.id, AnnouncementRead.member_id == member_id)
    off = select(NoticePreference.member_id).where(
        NoticePreference.member_id == member_id, NoticePreference.off.contains([GROUP])
    )
    query = (
        select(Announcement, AnnouncementRead.read_at, Segment.filter)
        .outerjoin(AnnouncementRead, mine)
        .outerjoin(Segment, Segment.id == Announcement.segment_id)
        .where(_stands(now), or_(Announcement.important, ~off.exists()))
        .order_by(Announcement.notice_id.desc())
        .limit(MOST)
    )
    if unread:
        query = query.where(AnnouncementRead.read_at.is_(None))
    member = Membership(tx, member_id, now)
    return [Told(row, read_at) for row, read_at, asked in tx.execute(query).all() if _is_for(row, asked, member)]


def find_told(tx: Session, announcement_id: str, member_id: str | None, now: datetime) -> Announcement:
    """One announcement that stands now, whatever the member wants to be told of.

    Raises NotFound, also for one that is for others; who is signed out finds those for everybody.
    """
    query = select(Announcement, Segment.filter).outerjoin(Segment, Segment.id == Announcement.segment_id)
    found = tx.execute(query.where(Announcement.id == announcement_id, _stands(now))).one_or_none()
    if found is None:
        raise NotFound()
    row: Announcement = found[0]
    if member_id is None and row.audience != "everybody":
        raise NotFound()
    if member_id is not None and not _is_for(row, found[1], Membership(tx, member_id, now)):
        raise NotFound()
    return row


def banner(tx: Session, member_id: str | None, now: datetime) -> Announcement | None:
    """The newest important announcement that stands now and is for whoever looks."""
    query = (
        select(Announcement, Segment.filter)
        .outerjoin(Segment, Segment.id == Announcement.segment_id)
        .where(_stands(now), Announcement.important)
        .order_by(Announcement.notice_id.desc())
        .limit(MOST)
    )
    if member_id is None:
        query = query.where(Announcement.audience == "everybody")
    found = tx.execute(query).all()
    if member_id is None:
        return found[0][0] if found else None
    member = Membership(tx, member_id, now)
    return next((row for row, asked in found if _is_for(row, asked, member)), None)


def has_read(tx: Session, member_id: str, announcement_id: str) -> bool:
    """Whether a member has read an announcement."""
    return tx.get(AnnouncementRead, (announcement_id, member_id)) is not None


def mark_told(tx: Session, member_id: str, announcement_ids: Sequence[str], now: datetime) -> None:
    """Note that a member has read announcements; again changes nothing."""
    rows = [{"announcement_id": one, "member_id": member_id, "read_at": now} for one in announcement_ids]
    if rows:
        tx.execute(insert(AnnouncementRead).values(rows).on_conflict_do_nothing())


def forget_reads(tx: Session, member_id: str) -> None:
    """Nothing tells what somebody read who leaves."""
    tx.execute(delete(AnnouncementRead).where(AnnouncementRead.member_id == member_id))


def _stands(now: datetime) -> ColumnElement[bool]:
    return and_(Announcement.state == "published", Announcement.from_at <= now, Announcement.until_at > now)


def _is_for(row: Announcement, asked: dict[str, Any] | None, member: Membership) -> bool:
    if row.audience == "levels":
        return member.level in (row.levels or ())
    return row.audience == "everybody" or (asked is not None and member.is_in(read_filter(asked)))
