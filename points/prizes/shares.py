"""Pure: who wins what. Members with equal points share the prizes of the places they take together.

So the sum paid is never more than the sum of the prizes, however many share a place; what does not divide stays unpaid.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby


@dataclass(frozen=True, slots=True)
class Win:
    """A member's place and prize; ``points`` are those of the board, ``prize_points`` what is paid."""

    member_id: str
    place: int
    points: int
    prize_points: int


def share_prizes(scores: Iterable[tuple[str, int]], prizes: Sequence[int]) -> list[Win]:
    """The winners of a month: ``scores`` are members' points on the board, ``prizes`` the points of place 1, 2, ….

    Nothing is won with 0 points or fewer, nor a share of less than one point.
    """
    wins: list[Win] = []
    before = 0
    ranked = sorted((score for score in scores if score[1] > 0), key=lambda score: (-score[1], score[0]))
    for points, group in groupby(ranked, key=lambda score: score[1]):
        members = [member_id for member_id, _points in group]
        each = sum(prizes[before : before + len(members)]) // len(members)
        if each:
            wins += [Win(member_id, before + 1, points, each) for member_id in members]
        before += len(members)
        if before >= len(prizes):
            break
    return wins


def next_month(month: date) -> date:
    """The first day of the month after ``month``."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def closes_on(month: date, grace_days: int) -> date:
    """The first day on which the month is closed: its end, and the days of grace for what is reported late."""
    return next_month(month) + timedelta(days=grace_days)
