"""Keeping the boards: what they show now, by whom, and a pause for all of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from mall import audit
from mall.errors import Conflict
from points.earning.versions import By
from points.standing.board_models import BoardMember, BoardSettings
from points.standing.boards import first_places

ONLY_ROW = 1


@dataclass(frozen=True, slots=True)
class BoardState:
    """Whether boards are shown, who decided it when (nobody: ``version`` 0), and how many chose to be on them."""

    paused: bool
    opted_in: int
    version: int = 0
    updated_by: str | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StaffPlace:
    """A line of a board as staff see it."""

    rank: int
    member_id: str
    nickname: str
    points: int


def board_state(tx: Session) -> BoardState:
    """How the boards stand."""
    count = tx.execute(select(func.count()).select_from(BoardMember)).scalar_one()
    row = tx.get(BoardSettings, ONLY_ROW, populate_existing=True)
    if row is None:
        return BoardState(False, count)
    return BoardState(row.paused, count, row.version, row.updated_by, row.updated_at)


def staff_board(tx: Session, period: str, now: datetime, zone: ZoneInfo, limit: int) -> list[StaffPlace]:
    """The first lines of a board, also while it is paused. Needs a login that may read sources."""
    rows = first_places(tx, period, now, zone, limit)[:limit]
    return [StaffPlace(rank, member_id, nickname, points) for member_id, nickname, _avatar, points, rank in rows]


def pause_boards(tx: Session, paused: bool, seen: int, by: By) -> BoardState:
    """Show the boards, or stop showing them. Prizes that were announced are paid all the same.

    ``seen``: the version that was looked at. Raises Conflict ``changed_meanwhile``.
    """
    fresh = insert(BoardSettings).values(
        id=ONLY_ROW, paused=False, version=0, updated_by=by.name, updated_at=by.now
    )  # fmt: skip
    tx.execute(fresh.on_conflict_do_nothing())
    row = tx.get_one(BoardSettings, ONLY_ROW, with_for_update=True, populate_existing=True)
    if row.version != seen:
        raise Conflict("changed_meanwhile")
    row.paused, row.version, row.updated_by, row.updated_at = paused, seen + 1, by.name, by.now
    tx.flush()
    deed = "boards.paused" if paused else "boards.resumed"
    audit.record(tx, by.name, deed, "boards", {"version": row.version}, by.now, by.request_id)
    return board_state(tx)
