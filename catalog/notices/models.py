"""Tables of notices, of what a member wants to be told, and of expiries told already."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from mall.db import Base, IdText


class Notification(Base):
    """A notice to a member, of an order or a gift. ``kind`` is a code, put into words when it is read; ``detail`` its
    figures."""

    __tablename__ = "notifications"
    __table_args__ = (
        Index("ix_notifications_member_id_id", "member_id", "id"),
        Index("ix_notifications_unread", "member_id", postgresql_where=text("read_at IS NULL")),
    )

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    member_id: Mapped[str] = mapped_column(ForeignKey("members.id"), type_=IdText)
    kind: Mapped[str] = mapped_column(Text)
    order_id: Mapped[str | None] = mapped_column(ForeignKey("orders.id"), type_=IdText)
    gift_id: Mapped[str | None] = mapped_column(ForeignKey("gifts.id"), type_=IdText)
    detail: Mapped[dict[str, str]] = mapped_column(JSONB)
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]


class NoticePreference(Base):
    """Groups of notices (``catalog.notices.kinds``) that a member has switched off; no row: none."""

    __tablename__ = "notice_preferences"

    member_id: Mapped[str] = mapped_column(ForeignKey("members.id"), type_=IdText, primary_key=True)
    off: Mapped[list[str]] = mapped_column(ARRAY(Text))


class ExpiryNotice(Base):
    """Points of a member that can be spent until ``day`` were told of, ``stage`` days before: 30 or 7."""

    __tablename__ = "expiry_notices"
    __table_args__ = (CheckConstraint("stage IN (7, 30)", name="stage"), Index("ix_expiry_notices_day", "day"))

    member_id: Mapped[str] = mapped_column(IdText, primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    stage: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
