"""Tables of prizes: what a month offers, and who won."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Integer
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from mall.db import Base, IdText


class PrizeMonth(Base):
    """Prizes of a month (its first day), for places 1, 2, …; ``paid_points`` once it is closed."""

    __tablename__ = "prize_months"
    __table_args__ = (
        CheckConstraint("extract(day FROM month) = 1", name="first_day"),
        CheckConstraint("(closed_at IS NULL) = (paid_points IS NULL)", name="closed"),
        CheckConstraint("paid_points BETWEEN 0 AND budget_points", name="within_budget"),
    )

    month: Mapped[date] = mapped_column(Date, primary_key=True)
    prizes: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    budget_points: Mapped[int] = mapped_column(BigInteger)
    grace_days: Mapped[int] = mapped_column(Integer)
    version: Mapped[int] = mapped_column(Integer)
    updated_by: Mapped[str] = mapped_column(IdText)
    updated_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    paid_points: Mapped[int | None] = mapped_column(BigInteger)


class PrizeWinner(Base):
    """A prize that was paid; one for a member and month, whatever happens twice."""

    __tablename__ = "prize_winners"

    month: Mapped[date] = mapped_column(Date, ForeignKey("prize_months.month"), primary_key=True)
    member_id: Mapped[str] = mapped_column(IdText, primary_key=True)
    place: Mapped[int] = mapped_column(Integer)
    points: Mapped[int] = mapped_column(BigInteger)
    prize_points: Mapped[int] = mapped_column(BigInteger)
