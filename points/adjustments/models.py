"""The tables of adjustments."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from mall.db import Base, IdText
from mall.two_persons import StaffRequest, two_persons_checks


class Adjustment(StaffRequest, Base):
    """Points to be given (more than 0) or taken (less), or debt to be forgiven; done once somebody else approves."""

    __tablename__ = "adjustments"
    __table_args__ = (
        CheckConstraint("kind IN ('adjustment', 'write_off')", name="kind"),
        CheckConstraint("state IN ('requested', 'approved', 'rejected')", name="state"),
        CheckConstraint("points <> 0 AND (kind = 'adjustment' OR points > 0)", name="points"),
        *two_persons_checks(),
        Index("ix_adjustments_asked", "requested_by", "requested_at"),
        Index("ix_adjustments_open", "id", postgresql_where=text("state = 'requested'")),
    )

    kind: Mapped[str] = mapped_column(Text)
    member_id: Mapped[str] = mapped_column(IdText, ForeignKey("members.id"))
    points: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)


class AdjustmentLimits(Base):
    """One row: the owner's limits (``limits.Limits``)."""

    __tablename__ = "adjustment_limits"
    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        CheckConstraint("most_points BETWEEN 1 AND 100000", name="most_points"),
        CheckConstraint("month_points > 0", name="month_points"),
        CheckConstraint("owner_above_points >= 0", name="owner_above_points"),
    )

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    most_points: Mapped[int] = mapped_column(BigInteger)
    month_points: Mapped[int | None] = mapped_column(BigInteger)
    owner_above_points: Mapped[int | None] = mapped_column(BigInteger)
