"""Tables of check-ins: one row for a member and day, the cards that repair a missed day, and the days off."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Date, Index, Integer, SmallInteger, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from mall.db import Base, IdText


class CheckIn(Base):
    """A member checked in on a day of the mall's zone, or repaired it later with a make-up card."""

    __tablename__ = "check_ins"
    __table_args__ = (Index("ix_check_ins_day", "day", postgresql_using="brin"),)

    member_id: Mapped[str] = mapped_column(IdText, primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    streak: Mapped[int] = mapped_column(Integer)
    points: Mapped[int] = mapped_column(BigInteger)
    """What the day paid, the streak's milestone on it included."""
    repaired: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))


class MakeUpCard(Base):
    """A card that repairs one missed day, once."""

    __tablename__ = "make_up_cards"
    __table_args__ = (
        CheckConstraint("origin IN ('streak', 'bought', 'staff')", name="origin"),
        CheckConstraint("(used_at IS NULL) = (used_day IS NULL)", name="used"),
        CheckConstraint("(origin = 'streak') = (earned_day IS NOT NULL)", name="earned"),
        CheckConstraint("(origin = 'bought') = (price_points IS NOT NULL)", name="price"),
        CheckConstraint("(origin = 'staff') = (reason IS NOT NULL AND given_by IS NOT NULL)", name="given"),
        Index("ix_make_up_cards_unused", "member_id", "id", postgresql_where=text("used_at IS NULL")),
        Index("uq_make_up_cards_used_day", "member_id", "used_day", unique=True),
        Index("uq_make_up_cards_earned_day", "member_id", "earned_day", unique=True),
    )

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    member_id: Mapped[str] = mapped_column(IdText)
    origin: Mapped[str] = mapped_column(Text)
    price_points: Mapped[int | None] = mapped_column(BigInteger)
    earned_day: Mapped[date | None] = mapped_column(Date)
    reason: Mapped[str | None] = mapped_column(Text)
    given_by: Mapped[str | None] = mapped_column(IdText)
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    used_day: Mapped[date | None] = mapped_column(Date)


class CheckInSettings(Base):
    """One row: what make-up cards cost, and what they do."""

    __tablename__ = "check_in_settings"
    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        CheckConstraint("card_price_points BETWEEN 1 AND 1000000", name="card_price_points"),
        CheckConstraint("repair_days BETWEEN 1 AND 31", name="repair_days"),
        CheckConstraint("most_cards BETWEEN 1 AND 31", name="most_cards"),
        CheckConstraint("card_every_days BETWEEN 1 AND 1000", name="card_every_days"),
    )

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    card_price_points: Mapped[int | None] = mapped_column(BigInteger)
    """What a card costs; NULL: none are sold."""
    repair_days: Mapped[int] = mapped_column(SmallInteger)
    """How many days back a day can be repaired; 1 is yesterday."""
    most_cards: Mapped[int] = mapped_column(SmallInteger)
    """How many unused cards a member may have and still buy none beyond."""
    card_every_days: Mapped[int | None] = mapped_column(SmallInteger)
    """A card is earned each time so many days in a row are full; NULL: never."""
    repaired_day_pays: Mapped[bool] = mapped_column(Boolean)
    """Whether a repaired day pays as if it had been checked in, or only mends the streak."""


class FrozenDay(Base):
    """A day on which a missing check-in breaks no streak, as when the mall was down."""

    __tablename__ = "frozen_days"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    added_by: Mapped[str] = mapped_column(IdText)
    added_at: Mapped[datetime]


class CheckInReminder(Base):
    """A member wants to be reminded at an hour of the mall's zone on days without a check-in."""

    __tablename__ = "check_in_reminders"
    __table_args__ = (
        CheckConstraint("hour BETWEEN 0 AND 23", name="hour"),
        Index("ix_check_in_reminders_hour", "hour"),
    )

    member_id: Mapped[str] = mapped_column(IdText, primary_key=True)
    hour: Mapped[int] = mapped_column(SmallInteger)
    last_day: Mapped[date | None] = mapped_column(Date)
    """The last day that is settled: told, or too late to be told when the member asked."""
