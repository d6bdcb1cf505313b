"""How many members hold each badge: counted when it is read, of many beforehand by a job."""

from __future__ import annotations

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, Session, mapped_column

from mall.db import Base, IdText, cursor
from points.badges.catalogue import CATALOGUE
from points.segments.preview import FEW, Preview

MANY = 50_000
"""Badges that members hold, all together, up to which they are counted when it is read (1,400,000 take 0.5 s)."""
_MANY = "SELECT count(*) > %(many)s FROM (SELECT 1 FROM sources.member_badges LIMIT %(many)s + 1) AS held"
_COUNT = "SELECT code, count(*) FROM sources.member_badges GROUP BY 1"
_KEPT = "SELECT code, members FROM sources.badge_holders"
_KEEP = f"""INSERT INTO sources.badge_holders (code, members) {_COUNT}
 ON CONFLICT (code) DO UPDATE SET members = excluded.members"""


class BadgeHolders(Base):
    """Members who held a badge when they were last counted. With the sources of points, as is who they are."""

    __tablename__ = "badge_holders"
    __table_args__ = ({"schema": "sources"},)

    code: Mapped[str] = mapped_column(IdText, primary_key=True)
    members: Mapped[int] = mapped_column(BigInteger)


def holders(tx: Session) -> dict[str, Preview]:
    """How many hold each badge, where they are many as last counted. Those for tips are not counted out where few hold
    them. Needs a login that may read sources."""
    counted: dict[str, int] = dict(cursor(tx).execute(_KEPT if _many(tx) else _COUNT).fetchall())
    return {
        badge.code: Preview(None, False)
        if badge.private and counted.get(badge.code, 0) < FEW
        else Preview(counted.get(badge.code, 0), True)
        for badge in CATALOGUE
    }


def keep_holders(tx: Session) -> int:
    """Count who holds each badge, where they are many; returns how many badges are held."""
    return cursor(tx).execute(_KEEP).rowcount if _many(tx) else 0


def _many(tx: Session) -> bool:
    row = cursor(tx).execute(_MANY, {"many": MANY}).fetchone()
    return bool(row and row[0])
