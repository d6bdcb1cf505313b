"""Table of segments."""

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
