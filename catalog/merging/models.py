"""The table of merges."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from mall.db import Base, IdText
from mall.two_persons import StaffRequest, two_persons_checks


class MemberMerge(StaffRequest, Base):
    """Two accounts of one person to be made one: ``source_id`` goes, ``target_id`` stays. For good.

    ``outcome``: what was moved, in points and pieces; no figure of a member's before it is done.
    """

    __tablename__ = "member_merges"
    __table_args__ = (
        CheckConstraint("state IN ('requested', 'approved', 'rejected')", name="state"),
        CheckConstraint("source_id <> target_id", name="two_accounts"),
        *two_persons_checks(),
        Index(
            "uq_member_merges_source_id", "source_id", unique=True, postgresql_where=text("state = 'requested'")
        ),
        Index("ix_member_merges_target_id", "target_id"),
    )  # fmt: skip

    source_id: Mapped[str] = mapped_column(IdText, ForeignKey("members.id"))
    target_id: Mapped[str] = mapped_column(IdText, ForeignKey("members.id"))
    reason: Mapped[str] = mapped_column(Text)
    outcome: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
