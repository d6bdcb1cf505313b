"""Long work as rows: what was asked for, how far it is, and what came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, Integer, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, deferred, mapped_column

from mall.db import Base, IdText


class LongWork(Base):
    """One piece of work of one member of staff.

    ``kind``: as ``kind_of_work`` in ``admin.work.run`` names it; ``asked``: what the kind needs to know; ``title``: in
    the language of who asked; ``total``: None until it is known how much there is to do; ``problem``: for people, empty
    where only the log can say; ``result``: what the kind tells of a work that is done.
    """

    __tablename__ = "long_works"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'running', 'done', 'failed')", name="state"),
        Index("ix_long_works_staff_id_id", "staff_id", "id"),
        Index("ix_long_works_unfinished", "id", postgresql_where=text("state IN ('queued', 'running')")),
        Index("ix_long_works_created_at", "created_at"),
    )

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    staff_id: Mapped[str] = mapped_column(IdText)
    kind: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    asked: Mapped[dict[str, Any]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(Text)
    done: Mapped[int] = mapped_column(Integer)
    total: Mapped[int | None]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    problem: Mapped[str | None] = mapped_column(Text)
    result: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    file_name: Mapped[str | None] = mapped_column(Text)
    file_bytes: Mapped[int | None]
    file: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))

    @property
    def under_way(self) -> bool:
        """Whether it is still to be done or finished."""
        return self.state in ("queued", "running")

    @property
    def percent(self) -> int | None:
        """How much of it is done; None while nobody knows how much it is."""
        if self.state == "done":
            return 100
        return min(self.done * 100 // self.total, 99) if self.total else None
