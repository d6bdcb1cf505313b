"""What can be taken back: the former values, kept for ten minutes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from mall.db import Base, IdText


class UndoStep(Base):
    """One deed of one member of staff. ``deed``: a name of ``admin.undo.deeds``; ``detail``: the values of before."""

    __tablename__ = "undo_steps"
    __table_args__ = (Index("ix_undo_steps_at", "at"),)

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    actor: Mapped[str] = mapped_column(Text)
    deed: Mapped[str] = mapped_column(Text)
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB)
    back: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    used_at: Mapped[datetime | None]
