"""Going round: everybody's figures are looked at once a day, some at a time.

What moves points is looked at within a minute. What does not (days of membership, a quiz without points) is found here.
To look at everybody at once reads all tips and attempts there are (measured: minutes for 430,000 members).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import CheckConstraint, Date, SmallInteger
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from mall.db import Base, IdText, cursor

AT_ONCE = 1_000
"""Members of one go. At one go a minute, a day is enough for 1,440,000; of more, a round takes longer than a day."""
ONLY_ROW = 1
_NEXT = "SELECT id FROM members WHERE status <> 'closed' AND id > %s ORDER BY id LIMIT %s"


class BadgeRound(Base):
    """One row: the day on which the latest round began, and the id to go on from; NULL: everybody was looked at."""

    __tablename__ = "badge_round"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(Date)
    after: Mapped[str | None] = mapped_column(IdText)


def next_members(tx: Session, today: date) -> list[str] | None:
    """Whom to look at next, by id; None once everybody was looked at on this day. A round is finished first."""
    row = tx.get(BadgeRound, ONLY_ROW, populate_existing=True)
    if row is not None and row.after is None and row.day >= today:
        return None
    after = row.after if row is not None and row.after is not None else ""
    return [found[0] for found in cursor(tx).execute(_NEXT, (after, AT_ONCE))]


def note_seen(tx: Session, today: date, members: Sequence[str]) -> None:
    """Note that ``members``, as ``next_members`` named them, were looked at."""
    after = members[-1] if len(members) == AT_ONCE else None
    row = tx.get(BadgeRound, ONLY_ROW, populate_existing=True)
    if row is None or row.after is None:
        begun = insert(BadgeRound).values(id=ONLY_ROW, day=today, after=after)
        kept = {"day": begun.excluded.day, "after": begun.excluded.after}
        tx.execute(begun.on_conflict_do_update(index_elements=["id"], set_=kept))
    else:
        row.after = after
        tx.flush()
