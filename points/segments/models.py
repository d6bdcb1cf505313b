"""Tables of segments."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Integer, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from mall.db import Base, IdText


class Segment(Base):
    """A saved filter over members. ``filter``: as ``points.segments.filters`` reads it; ``version`` counts changes."""

    __tablename__ = "segments"

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    name: Mapped[dict[str, str]] = mapped_column(JSONB)
    filter: Mapped[dict[str, Any]] = mapped_column(JSONB)
    version: Mapped[int] = mapped_column(Integer)
    created_by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class TipCounts(Base):
    """How many of a member's tips were judged and adopted in the window (``points.segments.tip_counts``)."""

    __tablename__ = "tip_counts"
    __table_args__ = ({"schema": "sources"},)

    member_id: Mapped[str] = mapped_column(IdText, primary_key=True)
    judged: Mapped[int] = mapped_column(Integer)
    adopted: Mapped[int] = mapped_column(Integer)
    counted_at: Mapped[datetime]
