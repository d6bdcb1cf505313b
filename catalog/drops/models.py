"""Tables of drops."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ARRAY, CheckConstraint, Date, ForeignKey, Index, Integer, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from mall.db import Base, IdText


class Drop(Base):
    """So many ``pieces`` of an item at ``minute`` of the mall's day (600 is 10:00), out of a ``reserve``.

    ``weekdays``: 1 is Monday, none means every day. ``withdraws``: what is left goes back to the reserve before the
    next release; else it stays on sale. ``reserve``: pieces that cannot be ordered yet. ``waiting_minutes``: how long
    before a release its waiting room opens, None: it has none; ``turn_seconds``: how long a turn of it lasts.
    """

    __tablename__ = "drops"
    __table_args__ = (
        CheckConstraint("pieces > 0 AND reserve >= 0 AND minute BETWEEN 0 AND 1439", name="figures"),
        CheckConstraint("first_day <= last_day", name="days"),
        CheckConstraint("waiting_minutes > 0 AND turn_seconds > 0", name="waiting"),
        Index("uq_drops_item_id", "item_id", unique=True, postgresql_where=text("active")),
    )

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    gift_id: Mapped[str] = mapped_column(ForeignKey("gifts.id"), type_=IdText, index=True)
    item_id: Mapped[str] = mapped_column(IdText)
    pieces: Mapped[int] = mapped_column(Integer)
    minute: Mapped[int] = mapped_column(SmallInteger)
    weekdays: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger))
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date | None] = mapped_column(Date)
    withdraws: Mapped[bool]
    reserve: Mapped[int] = mapped_column(Integer)
    active: Mapped[bool]
    waiting_minutes: Mapped[int | None] = mapped_column(SmallInteger)
    turn_seconds: Mapped[int] = mapped_column(SmallInteger, server_default=text("180"))
    created_at: Mapped[datetime]


class DropDay(Base):
    """A day's release, once: the row is what makes it so. ``withdrawn``: left of the release before."""

    __tablename__ = "drop_days"

    drop_id: Mapped[str] = mapped_column(ForeignKey("drops.id"), type_=IdText, primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    released: Mapped[int] = mapped_column(Integer)
    withdrawn: Mapped[int] = mapped_column(Integer)
    released_at: Mapped[datetime]
