"""When the points that members hold will expire, by month of the mall's zone; from the lots they lie in."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from mall.db import cursor

_BY_MONTH = """SELECT date_trunc('month', expires_at AT TIME ZONE %s)::date, sum(remaining) FROM ledger.lots
 WHERE remaining > 0 GROUP BY 1 ORDER BY 1"""
_HELD = "SELECT coalesce(sum(held), 0) FROM ledger.wallets"


def expiring(tx: Session, zone: ZoneInfo) -> list[tuple[date, int]]:
    """The first day of each month and the points whose lots expire in it, if nobody spends them before."""
    return [(row[0], int(row[1])) for row in cursor(tx).execute(_BY_MONTH, (zone.key,))]


def held_points(tx: Session) -> int:
    """Points set aside for orders: they lie in no lot until they are spent or come back."""
    row = cursor(tx).execute(_HELD).fetchone()
    assert row is not None
    return int(row[0])
