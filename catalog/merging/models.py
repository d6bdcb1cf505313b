"""The table of merges."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from mall.db import Base, IdText


class MemberMerge(Base):
    """Two accounts of one person to be made one: ``source_id`` goes, ``target_id`` stays. For good.

    ``outcome``: what was moved, in points and pieces; no figure of a member's before it is done.
    """

    __tablename__ = "member_merges"
    __table_args__ = (
        CheckConstraint("state IN ('requested', 'approved', 'rejected')", name="state"),
        CheckConstraint("source_id <> target_id", name="two_accounts"),
        CheckConstraint("(state = 'requested') = (decided_by IS NULL)", name="decided"),
        CheckConstraint("decided_by <> requested_by", name="two_persons"),
        Index(
            "uq_member_merges_source_id", "source_id", unique=True, postgresql_where=text("state = 'requested'")
        ),
        Index("ix_member_merges_target_id", "target_id"),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    source_id: Mapped[str] = mapped_column(IdText, ForeignKey("members.id"))
    target_id: Mapped[str] = mapped_column(IdText, ForeignKey("members.id"))
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    requested_by: Mapped[str] = mapped_column(IdText)
    requested_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(IdText)
    decided_at: Mapped[datetime | None]
    decision_note: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
