"""Table of redemption rules."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from catalog.rules.judge import KINDS
from mall.db import Base, IdText

KINDS_CHECK = "kind IN (" + ", ".join(f"'{kind}'" for kind in KINDS) + ")"


class RedemptionRule(Base):
    """A rule for a gift, a category or, with neither, everything; of pieces dearer than ``above_points`` only.

    ``terms``: what its kind asks for (``catalog.rules.judge``). ``version`` counts changes.
    """

    __tablename__ = "redemption_rules"
    __table_args__ = (
        CheckConstraint(KINDS_CHECK, name="kind"),
        CheckConstraint("gift_id IS NULL OR category_id IS NULL", name="scope"),
        CheckConstraint("above_points > 0", name="above"),
        CheckConstraint("(kind = 'segment') = (segment_id IS NOT NULL)", name="segment"),
        Index("ix_redemption_rules_segment_id", "segment_id", postgresql_where=text("segment_id IS NOT NULL")),
    )

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    name: Mapped[dict[str, str]] = mapped_column(JSONB)
    kind: Mapped[str] = mapped_column(Text)
    gift_id: Mapped[str | None] = mapped_column(ForeignKey("gifts.id"), type_=IdText)
    category_id: Mapped[str | None] = mapped_column(ForeignKey("categories.id"), type_=IdText)
    above_points: Mapped[int | None] = mapped_column(BigInteger)
    segment_id: Mapped[str | None] = mapped_column(ForeignKey("segments.id"), type_=IdText)
    terms: Mapped[dict[str, Any]] = mapped_column(JSONB)
    active: Mapped[bool]
    version: Mapped[int] = mapped_column(Integer)
    created_by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
