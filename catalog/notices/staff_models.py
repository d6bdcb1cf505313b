"""The table of notices to staff."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from mall.db import Base, IdText


class StaffNotice(Base):
    """Something staff should see to. ``subject``: ``gift:gft_…``; ``resolved_at``: when it had been seen to.

    Of one kind there is one open notice for each subject.
    """

    __tablename__ = "staff_notices"
    __table_args__ = (
        Index("uq_staff_notices_open", "kind", "subject", unique=True, postgresql_where=text("resolved_at IS NULL")),
    )

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(IdText)
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
