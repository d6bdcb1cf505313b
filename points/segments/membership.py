"""Who a member is to a segment, and whether the member is in it."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

from sqlalchemy.orm import Session

from mall.clock import local_date
from mall.db import cursor
from points.earning.book_events import mall_zone
from points.segments.filters import Filter, TipBounds, Who
from points.segments.tip_record import tips_meet
from points.standing.levels import level_of

_WHO = """SELECT m.created_at, coalesce(s.public_points, 0), h.tag FROM members m
 LEFT JOIN standings s ON s.member_id = m.id LEFT JOIN member_households h ON h.member_id = m.id WHERE m.id = %s"""


class Membership:
    """A member at a moment, asked about several segments: what they ask is read once, and only when it is asked."""

    def __init__(self, tx: Session, member_id: str, now: datetime) -> None:
        self._tx, self._member_id, self._now = tx, member_id, now

    @cached_property
    def level(self) -> int:
        """The member's level, 1 to 5."""
        return level_of(self._tx, self._member_id)

    @cached_property
    def who(self) -> Who:
        """The member's facts."""
        row = cursor(self._tx).execute(_WHO, (self._member_id,)).fetchone()
        assert row is not None
        created_at, public_points, household = row
        joined_on = local_date(created_at, mall_zone())
        days = max(0, (local_date(self._now, mall_zone()) - joined_on).days)
        return Who(self.level, days, max(0, public_points), joined_on, household)

    def is_in(self, wanted: Filter) -> bool:
        """Whether the member is in a segment."""

        def meet(bounds: TipBounds) -> bool:
            return tips_meet(self._tx, self._member_id, bounds, self._now)

        return wanted.holds(self.who, meet)
