"""Tables of badges. Who holds which is with the sources of points: a badge for tips tells as much as a tip."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from mall.db import Base, IdText


class MemberBadge(Base):
    """A badge that a member has earned; never taken back."""

    __tablename__ = "member_badges"
    __table_args__ = ({"schema": "sources"},)

    member_id: Mapped[str] = mapped_column(IdText, primary_key=True)
    code: Mapped[str] = mapped_column(IdText, primary_key=True)
    earned_at: Mapped[datetime]


class BadgeFigure(Base):
    """A figure that another part of the mall counts for badges, as the gifts a member has received."""

    __tablename__ = "badge_figures"
    __table_args__ = (Index("ix_badge_figures_updated_at", "updated_at"),)

    member_id: Mapped[str] = mapped_column(IdText, primary_key=True)
    fact: Mapped[str] = mapped_column(IdText, primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[datetime]


class BadgeSetting(Base):
    """What staff decided of a badge; without a row, and where a column is NULL, the mall's own holds."""

    __tablename__ = "badge_settings"
    __table_args__ = (CheckConstraint("goal > 0", name="goal"),)

    code: Mapped[str] = mapped_column(IdText, primary_key=True)
    title: Mapped[dict[str, str] | None] = mapped_column(JSONB(none_as_null=True))
    condition: Mapped[dict[str, str] | None] = mapped_column(JSONB(none_as_null=True))
    goal: Mapped[int | None] = mapped_column(BigInteger)
    active: Mapped[bool]
    version: Mapped[int] = mapped_column(Integer)
    updated_by: Mapped[str] = mapped_column(IdText)
    updated_at: Mapped[datetime]
