"""Leaderboards: ranks by nickname, of members who chose to be shown, in public points alone.

A total with confidential points in it would tell who gives tips (design, section 7), so a board of a week or
month adds up awards of public visibility; an award counts in the period in which it was first booked. Boards of many
members are counted every few minutes (``points.standing.board_scores``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from mall.clock import day_start, local_date
from mall.db import cursor
from mall.identity.avatars import avatar_of
from points.standing.board_models import ACCOUNTS, BoardMember, BoardSettings
from points.standing.board_scores import kept_boards

PERIODS = ("week", "month", "all")
BOARD_SIZE = 100
"""Places a board has."""

SHOWN = """m.status = 'active' AND m.alias_of IS NULL AND NOT EXISTS (SELECT 1 FROM staff f
 WHERE f.username_key = m.username_key AND f.disabled_at IS NULL)"""
"""Who may be on a board at all: nobody suspended, and nobody who works here (the same username is the same person)."""
_ALL = f"""SELECT m.id, m.nickname, m.avatar, s.public_points FROM board_members b
 JOIN members m ON m.id = b.member_id AND {SHOWN}
 JOIN standings s ON s.member_id = b.member_id AND s.public_points > 0 {{whose}}"""
_SINCE = f"""SELECT m.id, m.nickname, m.avatar, sum(a.points)::int8 FROM board_members b
 JOIN members m ON m.id = b.member_id AND {SHOWN} JOIN {ACCOUNTS} AS o ON o.holder = b.member_id
 JOIN sources.awards a ON a.member_id = o.id AND a.visibility = 'public' AND a.booked_at >= %(since)s
 {{whose}} GROUP BY m.id, m.nickname, m.avatar HAVING sum(a.points) > 0"""
_OWN = "AND b.member_id = %(member)s"
# Not IS NOT DISTINCT FROM: the planner takes that for one row and reads all of them (0.4 s for a board of 86,000).
_OF_NOW = """(since = %(since)s::timestamptz OR (since IS NULL AND %(since)s::timestamptz IS NULL))"""
_KEPT = f"""SELECT m.id, m.nickname, m.avatar, k.points FROM board_scores k
 JOIN board_members b ON b.member_id = k.member_id JOIN members m ON m.id = k.member_id AND {SHOWN}
 WHERE k.period = %(period)s AND {_OF_NOW}
 ORDER BY k.points DESC, k.member_id DESC LIMIT %(places)s"""
_MORE = f"""SELECT 1 + count(*) FROM board_scores
 WHERE period = %(period)s AND {_OF_NOW} AND points > %(points)s"""
_RANKED = """SELECT id, nickname, avatar, points, rank FROM (SELECT id, nickname, avatar, points,
 rank() OVER (ORDER BY points DESC) AS rank FROM ({points}) AS p(id, nickname, avatar, points)
) AS r WHERE rank <= %(places)s OR id = %(member)s ORDER BY rank, id"""

Row = tuple[str, str, str | None, int, int]
"""Member, nickname, avatar if one was chosen, points and rank."""


@dataclass(frozen=True, slots=True)
class Place:
    """One line of a board; members with equal points share a rank."""

    rank: int
    nickname: str
    avatar: str
    points: int
    mine: bool


@dataclass(frozen=True, slots=True)
class Board:
    """A board as one member sees it. ``mine``: the own line, also below the last place shown.

    ``kept``: it was counted a few minutes ago, but for the own line.
    """

    places: list[Place]
    mine: Place | None
    opted_in: bool
    kept: bool = False
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
    asked, kept = _asked(period, member_id, now, zone, limit), kept_boards(tx)
    rows = _kept(tx, asked) if kept else _counted(tx, asked)
    lines = [_place(row, member_id) for row in rows]
    mine = next((line for line in lines if line.mine), None)
    if kept and mine is None:
        own = _own(tx, asked)
        mine = _place(own, member_id) if own is not None else None
    shown = [line for line in lines if line.rank <= limit][:limit]
    return Board(shown, mine, is_on_boards(tx, member_id), kept=kept)


def first_places(tx: Session, period: str, now: datetime, zone: ZoneInfo, limit: int) -> list[Row]:
    """The first ``limit`` ranks of a board, also while boards are paused."""
    asked = _asked(period, "", now, zone, limit)
    return _kept(tx, asked) if kept_boards(tx) else _counted(tx, asked)


def _asked(period: str, member_id: str, now: datetime, zone: ZoneInfo, limit: int) -> dict[str, Any]:
    return {"since": period_start(period, now, zone), "places": limit, "member": member_id, "period": period}


def _place(row: Row, member_id: str) -> Place:
    own, nickname, avatar, points, rank = row
    return Place(rank, nickname, avatar_of(own, avatar), points, own == member_id)


def _counted(tx: Session, asked: dict[str, Any]) -> list[Row]:
    """The board as it is at this moment, and the member's own line wherever it stands."""
    sql = _RANKED.format(points=_points(asked["since"]))
    rows: list[Row] = cursor(tx).execute(sql, asked).fetchall()  # type: ignore[call-overload,assignment]
    return rows


def _points(since: datetime | None, whose: str = "") -> str:
    return (_ALL if since is None else _SINCE).format(whose=whose)


def _kept(tx: Session, asked: dict[str, Any]) -> list[Row]:
    """The board as it was last counted."""
    rows: list[Row] = []
    for place, (own, nickname, avatar, points) in enumerate(cursor(tx).execute(_KEPT, asked).fetchall(), start=1):
        rank = rows[-1][4] if rows and rows[-1][3] == points else place
        rows.append((own, nickname, avatar, points, rank))
    return rows


def _own(tx: Session, asked: dict[str, Any]) -> Row | None:
    """The member's own line as it is now, beside a board that was counted before."""
    cur = cursor(tx)
    mine = cur.execute(_points(asked["since"], _OWN), asked).fetchone()  # type: ignore[call-overload]
    if mine is None:
        return None
    (rank,) = cur.execute(_MORE, {**asked, "points": mine[3]}).fetchone() or (1,)
    return (*mine, rank)


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
