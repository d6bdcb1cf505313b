"""Standings: what a member has earned in points that may be seen."""

from __future__ import annotations

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from mall.db import Base, IdText


class Standing(Base):
    """A member's public points: earned under rules of public visibility, less what those took back.

    Levels, badges and boards come from this figure alone: a total with confidential points in it would give
    the tips away (design, section 7).
    """

    __tablename__ = "standings"

    member_id: Mapped[str] = mapped_column(IdText, primary_key=True)
    public_points: Mapped[int] = mapped_column(BigInteger)
