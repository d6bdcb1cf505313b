"""Who won, as everybody on the boards may see it: only members who are still on them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from sqlalchemy.orm import Session

from mall.db import cursor
from mall.identity.avatars import avatar_of
from points.standing.boards import SHOWN

MONTHS = 12
_WINNERS = f"""SELECT p.month, w.place, m.id, m.nickname, m.avatar, w.points, w.prize_points
 FROM (SELECT month FROM prize_months WHERE closed_at IS NOT NULL ORDER BY month DESC LIMIT %(months)s) AS p
 JOIN prize_winners w ON w.month = p.month
 JOIN board_members b ON b.member_id = w.member_id JOIN members m ON m.id = w.member_id AND {SHOWN}
 ORDER BY p.month DESC, w.place, m.id"""
_OFFER = "SELECT prizes FROM prize_months WHERE month = %s AND closed_at IS NULL"


@dataclass(frozen=True, slots=True)
class Winner:
    """A winner who is shown with the face ``avatar``; ``points`` of the board, ``prize_points`` won."""

    place: int
    nickname: str
    avatar: str
    points: int
    prize_points: int
    mine: bool


@dataclass(frozen=True, slots=True)
class MonthWinners:
    """A closed month and those of its winners who are shown."""

    month: date
    winners: list[Winner] = field(default_factory=list)


def winners(tx: Session, member_id: str) -> list[MonthWinners]:
    """The winners of the last twelve closed months, the latest month first."""
    found: dict[date, MonthWinners] = {}
    asked = {"months": MONTHS}
    for month, place, own, nickname, avatar, points, prize in cursor(tx).execute(_WINNERS, asked):
        won = Winner(place, nickname, avatar_of(own, avatar), points, prize, own == member_id)
        found.setdefault(month, MonthWinners(month)).winners.append(won)
    return list(found.values())


def prizes_of(tx: Session, month: date) -> list[int]:
    """The prizes that a month still offers, by place; none when it is closed or offers none."""
    row = cursor(tx).execute(_OFFER, (month,)).fetchone()
    return list(row[0]) if row else []
