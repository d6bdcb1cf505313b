"""The table of wishes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from mall.db import Base, IdText


class Wish(Base):
    """A gift that a member would like to have.

    ``affordable`` (the member's points and level reach it) and ``in_stock`` (it can be had now) are how things stood
    when they were last looked at: only what turns true from there is told.
    """

    __tablename__ = "wishes"
    __table_args__ = (Index("ix_wishes_newest", "member_id", "created_at", "gift_id"),)

    member_id: Mapped[str] = mapped_column(ForeignKey("members.id"), type_=IdText, primary_key=True)
    gift_id: Mapped[str] = mapped_column(ForeignKey("gifts.id"), type_=IdText, primary_key=True, index=True)
    created_at: Mapped[datetime]
    affordable: Mapped[bool]
    in_stock: Mapped[bool]
