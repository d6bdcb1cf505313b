"""Pure: the five star levels: where each begins, what it is called, when a member comes down again."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

LEVEL_COUNT = 5
POLICIES = ("never", "rolling")
"""``never``: points of all time count. ``rolling``: those of the last months only."""
MOST_MONTHS = 60
MOST_WARN_DAYS = 90
Words = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Step:
    """One level: the public points from which it begins, its name and its perks in the mall's languages."""

    from_points: int
    name: Words
    perks: Words


@dataclass(frozen=True, slots=True)
class Ladder:
    """All levels and the policy. ``version`` counts changes; ``window_months``, ``warn_days``: for ``rolling``."""

    steps: tuple[Step, ...]
    policy: str = "never"
    window_months: int | None = None
    warn_days: int | None = None
    version: int = 0

    def number_at(self, points: int) -> int:
        """The number of the level that ``points`` reach, 1 to 5; less than nothing is still level 1."""
        return max(1, sum(points >= step.from_points for step in self.steps))

    def begins_at(self, number: int) -> int:
        """The points from which level ``number`` begins."""
        return self.steps[number - 1].from_points


def _step(from_points: int, zh: str, en: str, perks_zh: str, perks_en: str) -> Step:
    return Step(from_points, {"zh": zh, "en": en}, {"zh": perks_zh, "en": perks_en})


DEFAULT = Ladder(
    (
        _step(0, "新邻居", "Neighbour", "参加签到、答题和兑换。", "Check in, take quizzes, redeem gifts."),
        _step(100, "社区帮手", "Helper", "可兑换二级及以下的礼品。", "Gifts for level 2."),
        _step(500, "活跃网民", "Active netizen", "可兑换三级及以下的礼品。", "Gifts for level 3."),
        _step(2_000, "热心网民", "Keen netizen", "可兑换四级及以下的礼品。", "Gifts for level 4."),
        _step(5_000, "明星网民", "Star netizen", "可兑换全部礼品。", "All gifts, those for level 5 too."),
    )
)
"""What holds until staff decide otherwise."""


def threshold_faults(thresholds: Sequence[int]) -> list[int]:
    """Which of the thresholds (counted from 0) are out of order: the first is 0, each next one is higher."""
    return [
        place
        for place, points in enumerate(thresholds)
        if (place == 0 and points != 0) or (place > 0 and points <= thresholds[place - 1])
    ]


def window_start(today: date, months: int) -> date:
    """The first day whose points count today: ``months`` months ago, the month's last day where it is shorter."""
    year, month = divmod(today.year * 12 + today.month - 1 - months, 12)
    return date(year, month + 1, min(today.day, calendar.monthrange(year, month + 1)[1]))


@dataclass(frozen=True, slots=True)
class Fall:
    """A level about to be lost: on which day, and the points still missing to keep it."""

    on: date
    missing: int


def next_fall(
    points: int, floor: int, leaving: Mapping[date, int], today: date, months: int, warn_days: int
) -> Fall | None:
    """The first of the next ``warn_days`` days on which less than ``floor`` is left of ``points``, if there is one.

    ``leaving``: points by the day on which they were earned, of days that count today.
    """
    for ahead in range(1, warn_days + 1):
        day = today + timedelta(days=ahead)
        start = window_start(day, months)
        left = points - sum(gone for earned, gone in leaving.items() if earned < start)
        if left < floor:
            return Fall(day, floor - left)
    return None
