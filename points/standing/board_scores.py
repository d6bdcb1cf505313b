"""Boards of many members: their points are counted every few minutes and kept, so that no reader counts them.

A board of 86,000 members asks for as many look-ups of awards (measured: 2.6 s), and an index for it would be written
with every credit. The own line is never kept: it is counted when it is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, Text
from sqlalchemy.orm import Mapped, Session, mapped_column

from mall.db import Base, IdText, cursor
from points.standing.board_models import ACCOUNTS

MANY = 2_000
"""Members on the boards up to which a board is counted when it is read."""
AT_ONCE = 2_000
"""Members of a portion of the count."""
_MANY = "SELECT count(*) > %(many)s FROM (SELECT 1 FROM board_members LIMIT %(many)s + 1) AS members"
_NEXT = "SELECT member_id FROM board_members WHERE member_id > %s ORDER BY member_id LIMIT %s"
_RECENT = f"""SELECT o.holder, coalesce(sum(a.points) FILTER (WHERE a.booked_at >= %(week)s), 0)::int8,
 coalesce(sum(a.points) FILTER (WHERE a.booked_at >= %(month)s), 0)::int8
 FROM {ACCOUNTS} AS o JOIN sources.awards a ON a.member_id = o.id
 WHERE o.holder = ANY(%(members)s) AND a.visibility = 'public' AND a.booked_at >= least(%(week)s, %(month)s)
 GROUP BY 1"""
_ALL = "SELECT member_id, public_points FROM standings WHERE member_id = ANY(%s)"
_KEPT = """SELECT period, member_id, since, points FROM board_scores
 WHERE member_id > %(after)s AND (%(last)s::text IS NULL OR member_id <= %(last)s)"""
_KEEP = """INSERT INTO board_scores (period, member_id, since, points)
 SELECT * FROM unnest(%s::text[], %s::text[], %s::timestamptz[], %s::int8[])
 ON CONFLICT (period, member_id) DO UPDATE SET since = excluded.since, points = excluded.points"""
_DROP = """DELETE FROM board_scores AS s USING unnest(%s::text[], %s::text[]) AS n(period, member_id)
 WHERE s.period = n.period AND s.member_id = n.member_id"""

Scores = dict[tuple[str, str], tuple[datetime | None, int]]


class BoardScore(Base):
    """Points of a member on a board as last counted; ``since``: from when on, None for all time. All are above 0."""

    __tablename__ = "board_scores"
    __table_args__ = (
        CheckConstraint("points > 0", name="points"),
        Index("ix_board_scores_period_points", "period", "points", "member_id"),
    )

    period: Mapped[str] = mapped_column(Text, primary_key=True)
    member_id: Mapped[str] = mapped_column(IdText, primary_key=True)
    since: Mapped[datetime | None]
    points: Mapped[int] = mapped_column(BigInteger)


def kept_boards(tx: Session) -> bool:
    """Whether the boards have so many members that they are counted beforehand."""
    row = cursor(tx).execute(_MANY, {"many": MANY}).fetchone()
    return bool(row and row[0])


def next_members(tx: Session, after: str) -> list[str]:
    """Up to ``AT_ONCE`` members on the boards, by id, after the id ``after``."""
    return [row[0] for row in cursor(tx).execute(_NEXT, (after, AT_ONCE))]


def keep_scores(tx: Session, after: str, since: Mapping[str, datetime | None]) -> str | None:
    """Count the next members after the id ``after`` and keep what changed; the id to go on from, None at the end."""
    cur, members = cursor(tx), next_members(tx, after)
    last = members[-1] if len(members) == AT_ONCE else None
    wanted = _count(tx, members, since)
    kept: Scores = {(row[0], row[1]): (row[2], row[3]) for row in cur.execute(_KEPT, {"after": after, "last": last})}
    changed = sorted((*key, *value) for key, value in wanted.items() if kept.get(key) != value)
    gone = sorted(key for key in kept if key not in wanted)
    if changed:
        cur.execute(_KEEP, [list(column) for column in zip(*changed, strict=True)])
    if gone:
        cur.execute(_DROP, [list(column) for column in zip(*gone, strict=True)])
    return last


def _count(tx: Session, members: Sequence[str], since: Mapping[str, datetime | None]) -> Scores:
    cur, found = cursor(tx), Scores()
    asked = {"week": since["week"], "month": since["month"], "members": members}
    for member_id, week, month in cur.execute(_RECENT, asked):
        found[("week", member_id)], found[("month", member_id)] = (since["week"], week), (since["month"], month)
    for member_id, points in cur.execute(_ALL, (members,)):
        found[("all", member_id)] = (None, points)
    return {key: value for key, value in found.items() if value[1] > 0}
