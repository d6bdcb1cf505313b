"""Tables of waiting rooms."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Integer, LargeBinary, SmallInteger, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from mall.db import Base, IdText

STATES_CHECK = "state IN ('waiting', 'turn', 'used', 'lapsed', 'left')"
ENDS_CHECK = "ended IN ('sold_out', 'empty', 'replaced', 'called_off')"


class QueueRoom(Base):
    """The waiting room of one release of a drop.

    ``seed``: 32 random bytes that order those who came before the release; its SHA-256 is shown from the beginning,
    the seed itself once the order is drawn (``drawn_at``). Places up to ``last_place`` are given out, those up to
    ``called_place`` have been called. While ``stock_items.queue_id`` is this room, pieces go to its turns alone.
    """

    __tablename__ = "queue_rooms"
    __table_args__ = (
        CheckConstraint("called_place BETWEEN 0 AND last_place AND turn_seconds > 0", name="figures"),
        CheckConstraint("octet_length(seed) = 32", name="seed"),
        CheckConstraint(ENDS_CHECK, name="ended"),
        CheckConstraint("(ended IS NULL) = (ended_at IS NULL)", name="end"),
        Index("uq_queue_rooms_drop_id", "drop_id", "day", unique=True),
        Index("ix_queue_rooms_gift_id", "gift_id", "day"),
        Index("ix_queue_rooms_live", "id", postgresql_where=text("ended_at IS NULL")),
    )

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    drop_id: Mapped[str] = mapped_column(ForeignKey("drops.id"), type_=IdText)
    gift_id: Mapped[str] = mapped_column(ForeignKey("gifts.id"), type_=IdText)
    item_id: Mapped[str] = mapped_column(IdText)
    day: Mapped[date] = mapped_column(Date)
    opens_at: Mapped[datetime]
    releases_at: Mapped[datetime]
    turn_seconds: Mapped[int] = mapped_column(SmallInteger)
    seed: Mapped[bytes] = mapped_column(LargeBinary)
    drawn_at: Mapped[datetime | None]
    last_place: Mapped[int] = mapped_column(Integer)
    called_place: Mapped[int] = mapped_column(Integer)
    ended: Mapped[str | None] = mapped_column(Text)
    ended_at: Mapped[datetime | None]


class QueueTicket(Base):
    """A member's place in a room. ``place`` is drawn at the release, or given on arrival after it; ``drawn_place`` is
    what was drawn, kept also when the member comes again and stands behind.

    ``waiting`` → ``turn`` (until ``turn_until``) → ``used`` for ``order_id``, or ``lapsed``; ``left`` by oneself.
    Who has left or lapsed may come again, behind everybody.
    """

    __tablename__ = "queue_tickets"
    __table_args__ = (
        CheckConstraint(STATES_CHECK, name="state"),
        CheckConstraint("state <> 'turn' OR (place IS NOT NULL AND turn_until IS NOT NULL)", name="turn"),
        Index("uq_queue_tickets_member_id", "member_id", "room_id", unique=True),
        Index("ix_queue_tickets_drawn", "room_id", "drawn_place", postgresql_where=text("drawn_place IS NOT NULL")),
        Index("ix_queue_tickets_waiting", "room_id", "place", postgresql_where=text("state = 'waiting'")),
        Index("ix_queue_tickets_turn", "room_id", "turn_until", postgresql_where=text("state = 'turn'")),
    )

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    room_id: Mapped[str] = mapped_column(ForeignKey("queue_rooms.id"), type_=IdText)
    member_id: Mapped[str] = mapped_column(ForeignKey("members.id"), type_=IdText)
    joined_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(Text)
    place: Mapped[int | None] = mapped_column(Integer)
    drawn_place: Mapped[int | None] = mapped_column(Integer)
    turn_until: Mapped[datetime | None]
    order_id: Mapped[str | None] = mapped_column(IdText)
