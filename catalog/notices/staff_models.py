"""The table of notices to staff."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from mall.db import Base, IdText


class StaffNotice(Base):
    """Something staff should see to. ``subject``: ``gift:gft_…``; ``resolved_at``: when its cause was gone.

    ``done_at``, ``done_by``: somebody has seen to it, or knows of it; it waits for nobody any more, and is not told
    anew as long as its cause lasts. Of one kind there is one notice without ``resolved_at`` for each subject.
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
    done_at: Mapped[datetime | None]
    done_by: Mapped[str | None] = mapped_column(IdText)
