"""Tables of draws."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from mall.db import Base, IdText


class Draw(Base):
    """A draw of a gift of that kind: its terms, and what was published of it.

    ``winners``: how many entries win. ``losers``: ``returned`` or ``kept``, what happens to the points of the others.
    ``commitment``, ``list_sha256``, ``seed``: hexadecimal, as ``catalog.draws.fair`` makes them. ``entries``: how many
    the list has. ``settled_at``: when the last order had got its outcome. ``handover``: how winners get the prize
    (``catalog.draws.states``); ``claim_days``: how many days they have to say where it is to go.
    """

    __tablename__ = "draws"
    __table_args__ = (
        CheckConstraint("opens_at < closes_at", name="times"),
        CheckConstraint("winners > 0", name="winners_positive"),
        CheckConstraint("losers IN ('returned', 'kept')", name="losers"),
        CheckConstraint("handover IN ('pickup', 'delivery', 'either')", name="handover"),
        CheckConstraint("claim_days BETWEEN 1 AND 90", name="claim_days"),
        CheckConstraint(
            "(frozen_at IS NULL) = (list_sha256 IS NULL) AND (frozen_at IS NULL) = (entries IS NULL)", name="list"
        ),
        CheckConstraint(
            "(drawn_at IS NULL) = (seed IS NULL) AND (drawn_at IS NULL OR frozen_at IS NOT NULL)"
            " AND (settled_at IS NULL OR drawn_at IS NOT NULL)",
            name="order_of_steps",
        ),
    )

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    gift_id: Mapped[str] = mapped_column(ForeignKey("gifts.id"), type_=IdText, unique=True)
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    winners: Mapped[int] = mapped_column(Integer)
    losers: Mapped[str] = mapped_column(Text)
    handover: Mapped[str] = mapped_column(Text, server_default="pickup")
    claim_days: Mapped[int] = mapped_column(Integer, server_default="14")
    commitment: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    entries: Mapped[int | None] = mapped_column(Integer)
    list_sha256: Mapped[str | None] = mapped_column(Text)
    frozen_at: Mapped[datetime | None]
    seed: Mapped[str | None] = mapped_column(Text)
    drawn_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]


class DrawSeed(Base):
    """The seed of a draw, encrypted: in a table of its own, which the logins of members cannot read."""

    __tablename__ = "draw_seeds"

    draw_id: Mapped[str] = mapped_column(ForeignKey("draws.id"), type_=IdText, primary_key=True)
    seed_box: Mapped[bytes] = mapped_column(LargeBinary)


class DrawEntry(Base):
    """A line of the published list. ``entry_id`` tells neither order nor member; ``rank``: 1 is the first to win."""

    __tablename__ = "draw_entries"
    __table_args__ = (Index("ix_draw_entries_draw_id_rank", "draw_id", "rank"),)

    draw_id: Mapped[str] = mapped_column(ForeignKey("draws.id"), type_=IdText, primary_key=True)
    entry_id: Mapped[str] = mapped_column(IdText, primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"), type_=IdText, unique=True)
    rank: Mapped[int | None] = mapped_column(Integer)
