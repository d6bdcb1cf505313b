"""The table of causes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Integer
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from mall.db import Base, IdText


class Cause(Base):
    """What donated points are for. ``goal_points``: what is hoped for, if anything is said."""

    __tablename__ = "causes"
    __table_args__ = (CheckConstraint("goal_points > 0", name="goal_positive"),)

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    code: Mapped[str | None] = mapped_column(IdText, unique=True)
    name: Mapped[dict[str, str]] = mapped_column(JSONB)
    description: Mapped[dict[str, str]] = mapped_column(JSONB)
    goal_points: Mapped[int | None] = mapped_column(BigInteger)
    active: Mapped[bool]
    position: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime]
