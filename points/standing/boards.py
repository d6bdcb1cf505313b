"""Leaderboards: ranks by nickname, of members who chose to be shown, in public points alone.

A total with confidential points in it would tell who gives tips (design, section 7), so a board of a week or
month adds up awards of public visibility; an award counts in the period in which it was first booked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from mall.clock import day_start, local_date
from mall.db import cursor
from points.standing.board_models import BoardMember, BoardSettings

PERIODS = ("week", "month", "all")
BOARD_SIZE = 100
"""Places a board has."""

SHOWN = """m.status = 'active' AND m.alias_of IS NULL AND NOT EXISTS (SELECT 1 FROM staff f
 WHERE f.username_key = m.username_key AND f.disabled_at IS NULL)"""
"""Who may be on a board at all: nobody suspended, and nobody who works here (the same username is the same person)."""
_ALL = f"""SELECT m.id, m.nickname, s.public_points FROM board_members b
 JOIN members m ON m.id = b.member_id AND {SHOWN}
 JOIN standings s ON s.member_id = b.member_id AND s.public_points > 0"""
_SINCE = f"""SELECT m.id, m.nickname, sum(a.points)::int8 FROM board_members b
 JOIN members m ON m.id = b.member_id AND {SHOWN}
 JOIN sources.awards a ON a.member_id = b.member_id AND a.visibility = 'public' AND a.booked_at >= %(since)s
 GROUP BY m.id, m.nickname HAVING sum(a.points) > 0"""
_RANKED = """SELECT id, nickname, points, rank FROM (
 SELECT id, nickname, points, rank() OVER (ORDER BY points DESC) AS rank FROM ({points}) AS p(id, nickname, points)
) AS r WHERE rank <= %(places)s OR id = %(member)s ORDER BY rank, id"""


@dataclass(frozen=True, slots=True)
class Place:
    """One line of a board; members with equal points share a rank."""

    rank: int
    nickname: str
    points: int
    mine: bool


@dataclass(frozen=True, slots=True)
class Board:
    """A board as one member sees it. ``mine``: the own line, also below the last place shown."""

    places: list[Place]
    mine: Place | None
    opted_in: bool
    paused: bool = False
    """Staff show no boards now."""


def period_start(period: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    """The first moment of the week (from Monday) or month that ``now`` lies in; None for all time."""
    today = local_date(now, zone)
    if period == "week":
        return day_start(today - timedelta(days=today.weekday()), zone)
    if period == "month":
        return day_start(today.replace(day=1), zone)
    return None


def board(tx: Session, period: str, member_id: str, now: datetime, zone: ZoneInfo, limit: int = BOARD_SIZE) -> Board:
    """The first ``limit`` lines of a board; none while boards are paused."""
    if are_paused(tx):
        return Board([], None, is_on_boards(tx, member_id), paused=True)
    rows = ranked(tx, period, member_id, now, zone, limit)
    lines = [(Place(rank, nickname, points, own == member_id)) for own, nickname, points, rank in rows]
    mine = next((line for line in lines if line.mine), None)
    shown = [line for line in lines if line.rank <= limit][:limit]
    return Board(shown, mine, is_on_boards(tx, member_id))


def ranked(
    tx: Session, period: str, member_id: str, now: datetime, zone: ZoneInfo, limit: int
) -> list[tuple[str, str, int, int]]:
    """Member, nickname, points and rank of the first ``limit`` ranks, and of the member named, by rank."""
    since = period_start(period, now, zone)
    sql = _RANKED.format(points=_ALL if since is None else _SINCE)
    return cursor(tx).execute(sql, {"since": since, "places": limit, "member": member_id}).fetchall()  # type: ignore[call-overload,no-any-return]


def are_paused(tx: Session) -> bool:
    """Whether staff have stopped showing boards."""
    return tx.execute(select(BoardSettings.paused)).scalar_one_or_none() is True


def is_on_boards(tx: Session, member_id: str) -> bool:
    """Whether a member chose to be shown."""
    return tx.get(BoardMember, member_id) is not None


def show_on_boards(tx: Session, member_id: str, opted_in: bool, now: datetime) -> None:
    """Put a member on the boards or take them off; the same choice again changes nothing."""
    if opted_in:
        row = insert(BoardMember).values(member_id=member_id, opted_in_at=now)
        tx.execute(row.on_conflict_do_nothing())
    else:
        tx.execute(delete(BoardMember).where(BoardMember.member_id == member_id))
