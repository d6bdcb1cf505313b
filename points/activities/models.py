"""Tables of activities."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from mall.db import Base, IdText

STATES = ("draft", "published", "cancelled")


class Activity(Base):
    """Something people come to. ``title``, ``about`` and ``place``: ``{"zh", "en"}``; ``capacity`` None: no limit.

    ``sign_up_needed``: who has not signed up does not get in. ``version`` counts changes.
    """

    __tablename__ = "activities"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'published', 'cancelled')", name="state"),
        CheckConstraint("starts_at < ends_at", name="times"),
        CheckConstraint("capacity > 0", name="capacity"),
        Index("ix_activities_ends_at", "ends_at", "id"),
    )

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    title: Mapped[dict[str, str]] = mapped_column(JSONB)
    about: Mapped[dict[str, str]] = mapped_column(JSONB)
    place: Mapped[dict[str, str]] = mapped_column(JSONB)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    sign_up_needed: Mapped[bool]
    capacity: Mapped[int | None] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer)
    created_by: Mapped[str] = mapped_column(IdText)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Participation(Base):
    """A member and an activity: signed up, there, or both. ``marked_by``: who of the staff said so, None: the code.

    ``reminded_on``: the day of the activity of which the member was reminded; one that is moved has another.
    """

    __tablename__ = "participations"
    __table_args__ = (
        CheckConstraint("signed_up_at IS NOT NULL OR attended_at IS NOT NULL", name="something"),
        CheckConstraint("attended_at IS NOT NULL OR marked_by IS NULL", name="marked"),
        Index("ix_participations_member_id", "member_id"),
        Index("ix_participations_signed_up", "activity_id", postgresql_where=text("signed_up_at IS NOT NULL")),
    )

    activity_id: Mapped[str] = mapped_column(IdText, ForeignKey("activities.id"), primary_key=True)
    member_id: Mapped[str] = mapped_column(IdText, ForeignKey("members.id"), primary_key=True)
    signed_up_at: Mapped[datetime | None]
    attended_at: Mapped[datetime | None]
    marked_by: Mapped[str | None] = mapped_column(IdText)
    reminded_on: Mapped[date | None] = mapped_column(Date)
