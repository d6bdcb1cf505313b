"""Star levels by public points: read from the levels as staff set them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy.orm import Session

from mall.db import cursor
from mall.i18n import language
from points.standing.ladder import DEFAULT, Ladder, Step, Words

LADDER = "SELECT steps, policy, window_months, warn_days, version FROM level_settings"
_STANDING = f"""SELECT coalesce((SELECT public_points FROM standings WHERE member_id = %(member)s), 0)
 - coalesce((SELECT rolled_off_points FROM member_levels WHERE member_id = %(member)s), 0), s.*
 FROM (VALUES (1)) AS one LEFT JOIN ({LADDER}) AS s ON true"""


@dataclass(frozen=True, slots=True)
class Level:
    """A member's level. ``public_points``: those that count under the policy. ``next_at``: the figure at which the
    next level begins, None at the top."""

    number: int
    name: str
    public_points: int
    begins_at: int
    next_at: int | None
    perks: str = ""

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


def worded(words: Words) -> str:
    """``words`` in the reader's language, else in Chinese, else in whatever there is."""
    return words.get(language()) or words.get("zh") or next(iter(words.values()), "")


def ladder_of(row: tuple[Any, ...] | None) -> Ladder:
    """The ladder in a row of ``LADDER``; the defaults where staff set nothing."""
    if row is None or row[0] is None:
        return DEFAULT
    steps, policy, window_months, warn_days, version = row
    found = tuple(Step(step["from_points"], step["name"], step["perks"]) for step in steps)
    return Ladder(found, policy, window_months, warn_days, version)


def ladder(cur: psycopg.Cursor[tuple]) -> Ladder:
    """The levels as they are now."""
    return ladder_of(cur.execute(LADDER).fetchone())


def thresholds(tx: Session) -> list[int]:
    """The points from which each level begins."""
    return [step.from_points for step in ladder(cursor(tx)).steps]


def level_for(public_points: int, steps: Ladder = DEFAULT) -> Level:
    """The level that ``public_points`` reach; less than nothing is still level 1."""
    number = steps.number_at(public_points)
    following = steps.begins_at(number + 1) if number < len(steps.steps) else None
    step = steps.steps[number - 1]
    return Level(number, worded(step.name), public_points, step.from_points, following, worded(step.perks))


def standing_of(tx: Session, member_id: str) -> Level:
    """A member's level with the figures behind it."""
    row = cursor(tx).execute(_STANDING, {"member": member_id}).fetchone()
    assert row is not None
    return level_for(row[0], ladder_of(row[1:]))


def level_of(tx: Session, member_id: str) -> int:
    """A member's level, 1 to 5."""
    return standing_of(tx, member_id).number
