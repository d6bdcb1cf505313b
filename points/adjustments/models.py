"""The table of adjustments."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from mall.db import Base, IdText


class Adjustment(Base):
    """Points to be given (more than 0) or taken (less), or debt to be forgiven; done once somebody else approves."""

    __tablename__ = "adjustments"
    __table_args__ = (
        CheckConstraint("kind IN ('adjustment', 'write_off')", name="kind"),
        CheckConstraint("state IN ('requested', 'approved', 'rejected')", name="state"),
        CheckConstraint("points <> 0 AND (kind = 'adjustment' OR points > 0)", name="points"),
        CheckConstraint("(state = 'requested') = (decided_by IS NULL)", name="decided"),
        CheckConstraint("decided_by <> requested_by", name="two_persons"),
        Index("ix_adjustments_open", "id", postgresql_where=text("state = 'requested'")),
    )

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    member_id: Mapped[str] = mapped_column(IdText, ForeignKey("members.id"))
    points: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    requested_by: Mapped[str] = mapped_column(IdText)
    requested_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(IdText)
    decided_at: Mapped[datetime | None]
    decision_note: Mapped[str | None] = mapped_column(Text)
