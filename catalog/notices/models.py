"""The table of notices."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
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
