"""Tables of figures: a row for each day of the mall's zone, members reached in periods, the owner's settings."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Date, Integer, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from mall.db import Base, IdText


class DayFigures(Base):
    """What happened on a day. Postings are append-only, so the figures of a day that is over never change.

    ``owed_points``: by how much the debt of members grew. ``members``: open accounts at its end. ``members_active``:
    who used a session, checked in or ordered, as far as the mall knew when it looked (it keeps no diary of visits).
    """

    __tablename__ = "day_figures"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    granted_points: Mapped[int] = mapped_column(BigInteger)
    written_off_points: Mapped[int] = mapped_column(BigInteger)
    taken_back_points: Mapped[int] = mapped_column(BigInteger)
    redeemed_points: Mapped[int] = mapped_column(BigInteger)
    refunded_points: Mapped[int] = mapped_column(BigInteger)
    expired_points: Mapped[int] = mapped_column(BigInteger)
    owed_points: Mapped[int] = mapped_column(BigInteger)
    members: Mapped[int] = mapped_column(Integer)
    members_joined: Mapped[int] = mapped_column(Integer)
    members_active: Mapped[int] = mapped_column(Integer)
    members_checked_in: Mapped[int] = mapped_column(Integer)
    orders_placed: Mapped[int] = mapped_column(Integer)
    orders_completed: Mapped[int] = mapped_column(Integer)
    ordered_points: Mapped[int] = mapped_column(BigInteger)
    computed_at: Mapped[datetime]


class RuleDay(Base):
    """What a rule granted on a day, less what was taken back, and to how many members. Only who may read sources may
    read it."""

    __tablename__ = "rule_days"
    __table_args__ = {"schema": "sources"}

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    rule_key: Mapped[str] = mapped_column(IdText, primary_key=True)
    points: Mapped[int] = mapped_column(BigInteger)
    members: Mapped[int] = mapped_column(Integer)


class PeriodReach(Base):
    """How many members did what in a period that pages often ask for."""

    __tablename__ = "period_reach"

    first_day: Mapped[date] = mapped_column(Date, primary_key=True)
    last_day: Mapped[date] = mapped_column(Date, primary_key=True)
    members: Mapped[int] = mapped_column(Integer)
    signed_in: Mapped[int] = mapped_column(Integer)
    checked_in: Mapped[int] = mapped_column(Integer)
    redeemed: Mapped[int] = mapped_column(Integer)
    computed_at: Mapped[datetime]


class FigureSettings(Base):
    """One row, the owner's. ``points_per_unit``: points that are worth one unit of currency, NULL: not said."""

    __tablename__ = "figure_settings"
    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        CheckConstraint("points_per_unit > 0", name="points_per_unit"),
    )

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    points_per_unit: Mapped[int | None] = mapped_column(BigInteger)
