"""Tables of announcements, and of who has read which."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Index, Integer, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from mall.db import Base, IdText

STATES = ("draft", "published", "withdrawn")
AUDIENCES = ("everybody", "levels", "segment")


class Announcement(Base):
    """What is told to members: one row, however many they are. ``title`` and ``body``: ``{"zh", "en"}``.

    It stands in inboxes from ``from_at`` until ``until_at``. ``notice_id``: under which inboxes list it; it sorts at
    ``from_at`` among the ids of other notices. ``link``: a path of this mall. ``version`` counts changes.
    """

    __tablename__ = "announcements"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'published', 'withdrawn')", name="state"),
        CheckConstraint("audience IN ('everybody', 'levels', 'segment')", name="audience"),
        CheckConstraint("(audience = 'levels') = (levels IS NOT NULL)", name="levels"),
        CheckConstraint("(audience = 'segment') = (segment_id IS NOT NULL)", name="segment"),
        CheckConstraint("from_at < until_at", name="times"),
        CheckConstraint("state <> 'published' OR (from_at IS NOT NULL AND notice_id IS NOT NULL)", name="published"),
        Index("ix_announcements_shown", "until_at", postgresql_where=text("state = 'published'")),
        Index("ix_announcements_segment_id", "segment_id", postgresql_where=text("segment_id IS NOT NULL")),
    )

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    title: Mapped[dict[str, str]] = mapped_column(JSONB)
    body: Mapped[dict[str, str]] = mapped_column(JSONB)
    link: Mapped[str | None] = mapped_column(Text)
    important: Mapped[bool]
    audience: Mapped[str] = mapped_column(Text)
    levels: Mapped[list[int] | None] = mapped_column(ARRAY(SmallInteger))
    segment_id: Mapped[str | None] = mapped_column(ForeignKey("segments.id"), type_=IdText)
    from_at: Mapped[datetime | None]
    until_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(Text)
    notice_id: Mapped[str | None] = mapped_column(IdText, unique=True)
    version: Mapped[int] = mapped_column(Integer)
    created_by: Mapped[str] = mapped_column(IdText)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class AnnouncementRead(Base):
    """A member has read an announcement. The back office may not read it: who was told what, by a segment of tips,
    would tell who gives tips (design, section 7); it learns the number only."""

    __tablename__ = "announcement_reads"
    __table_args__ = (Index("ix_announcement_reads_member_id", "member_id"),)

    announcement_id: Mapped[str] = mapped_column(ForeignKey("announcements.id"), type_=IdText, primary_key=True)
    member_id: Mapped[str] = mapped_column(ForeignKey("members.id"), type_=IdText, primary_key=True)
    read_at: Mapped[datetime]
