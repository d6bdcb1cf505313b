"""The table of commendations."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from mall.db import Base, IdText


class Commendation(Base):
    """What staff say in a member's honour, ``{"zh", "en"}``. Only ``public`` is shown, and only the member makes it so.

    ``state``: offered, public, declined, withdrawn (by the member, after it was public), retracted (by staff).
    """

    __tablename__ = "commendations"
    __table_args__ = (
        CheckConstraint("state IN ('offered', 'public', 'declined', 'withdrawn', 'retracted')", name="state"),
        CheckConstraint("(state <> 'offered') OR answered_at IS NULL", name="answered"),
        Index("ix_commendations_member_id", "member_id"),
        Index("ix_commendations_public", "id", postgresql_where=text("state = 'public'")),
    )

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    member_id: Mapped[str] = mapped_column(IdText, ForeignKey("members.id"))
    words: Mapped[dict[str, str]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(Text)
    created_by: Mapped[str] = mapped_column(IdText)
    created_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
