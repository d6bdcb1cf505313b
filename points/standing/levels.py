"""Star levels by public points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from points.standing.models import Standing

LEVELS: tuple[tuple[int, Any], ...] = (
    (0, _l("Neighbour")),
    (100, _l("Helper")),
    (500, _l("Active netizen")),
    (2_000, _l("Keen netizen")),
    (5_000, _l("Star netizen")),
)
"""Public points from which each level begins, and its name; the first row is level 1."""


@dataclass(frozen=True, slots=True)
class Level:
    """A member's level. ``next_at`` is the figure at which the next one begins, None at the top."""

    number: int
    name: str
    public_points: int
    begins_at: int
    next_at: int | None

    @property
    def missing(self) -> int:
        """Public points still missing for the next level."""
        return 0 if self.next_at is None else self.next_at - self.public_points

    @property
    def percent(self) -> int:
        """How much of the way to the next level is done, 0 to 100."""
        if self.next_at is None:
            return 100
        done = max(0, self.public_points - self.begins_at)
        return min(100, done * 100 // (self.next_at - self.begins_at))


def level_number(public_points: int) -> int:
    """The number of the level that ``public_points`` reach; less than nothing is still level 1."""
    return max(1, sum(public_points >= threshold for threshold, _ in LEVELS))


def level_for(public_points: int) -> Level:
    """The level that ``public_points`` reach; less than nothing is still level 1."""
    number = level_number(public_points)
    following = LEVELS[number][0] if number < len(LEVELS) else None
    begins_at, name = LEVELS[number - 1]
    return Level(number, str(name), public_points, begins_at, following)


def standing_of(tx: Session, member_id: str) -> Level:
    """A member's level with the figures behind it."""
    points = tx.execute(select(Standing.public_points).where(Standing.member_id == member_id)).scalar()
    return level_for(points or 0)


def level_of(tx: Session, member_id: str) -> int:
    """A member's level, 1 to 5."""
    return standing_of(tx, member_id).number
