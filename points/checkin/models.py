"""Check-ins: one row for a member and day."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, Date, Integer
from sqlalchemy.orm import Mapped, mapped_column

from mall.db import Base, IdText


class CheckIn(Base):
    """A member checked in on a day of the mall's zone."""

    __tablename__ = "check_ins"

    member_id: Mapped[str] = mapped_column(IdText, primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    streak: Mapped[int] = mapped_column(Integer)
    points: Mapped[int] = mapped_column(BigInteger)
