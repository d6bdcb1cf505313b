"""Tables of levels: what staff decided, and where each member stands."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Date, Integer, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from mall.db import Base, IdText


class LevelSettings(Base):
    """The levels as staff set them, in one row; without it the defaults hold (``points.standing.ladder``).

    ``steps``: ``[{"from_points": 0, "name": {"zh", "en"}, "perks": {"zh", "en"}}, …]``, the lowest first.
    """

    __tablename__ = "level_settings"
    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        CheckConstraint("policy IN ('never', 'rolling')", name="policy"),
        CheckConstraint(
            "(policy = 'rolling') = (window_months IS NOT NULL) AND (policy = 'rolling') = (warn_days IS NOT NULL)",
            name="window",
        ),
        CheckConstraint("jsonb_array_length(steps) = 5", name="five_steps"),
    )

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(Integer)
    steps: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    policy: Mapped[str] = mapped_column(Text)
    window_months: Mapped[int | None] = mapped_column(Integer)
    warn_days: Mapped[int | None] = mapped_column(Integer)
    updated_by: Mapped[str] = mapped_column(IdText)
    updated_at: Mapped[datetime]


class MemberLevel(Base):
    """A member's level as last told. ``rolled_off_points``: public points too old to count (policy ``rolling``).

    ``falls_on``: the day for which a warning was given, NULL without one.
    """

    __tablename__ = "member_levels"
    __table_args__ = (CheckConstraint("level BETWEEN 1 AND 5", name="level"),)

    member_id: Mapped[str] = mapped_column(IdText, primary_key=True)
    level: Mapped[int] = mapped_column(SmallInteger)
    rolled_off_points: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    falls_on: Mapped[date | None] = mapped_column(Date)
    changed_at: Mapped[datetime]
