"""The table of finished reports: append-only, so a kept report never changes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from mall.db import Base, IdText


class KeptReport(Base):
    """A finished report, such as ``daily-2026-11-22``; ``figures`` as ``admin.reports.make`` writes them."""

    __tablename__ = "kept_reports"
    __table_args__ = (
        CheckConstraint("kind IN ('daily', 'weekly', 'monthly')", name="kind"),
        CheckConstraint("first_day <= last_day", name="days"),
        Index("ix_kept_reports_last_day", "last_day", "id"),
    )

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    figures: Mapped[dict[str, Any]] = mapped_column(JSONB)
    made_at: Mapped[datetime]
