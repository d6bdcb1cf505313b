"""What the whole ledger did day by day, and what is outstanding; for dashboards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from mall.clock import day_start, local_date
from mall.db import cursor

# Accounts that are merged move between two books of one person: nothing is earned or lost by it.
_DAYS = """SELECT (posted_at AT TIME ZONE %(zone)s)::date,
 coalesce(sum(points) FILTER (WHERE debit = 'issued' AND credit <> 'debt'), 0)
 - coalesce(sum(points) FILTER (WHERE credit = 'reversed'), 0),
 coalesce(sum(points) FILTER (WHERE credit = 'redeemed'), 0)
 - coalesce(sum(points) FILTER (WHERE debit = 'redeemed'), 0),
 coalesce(sum(points) FILTER (WHERE credit = 'expired'), 0)
 FROM ledger.postings WHERE posted_at >= %(since)s AND posted_at <= %(until)s AND kind <> 'merged' GROUP BY 1"""
_OUTSTANDING = "SELECT coalesce(sum(available + pending + held), 0), coalesce(sum(debt), 0) FROM ledger.wallets"


@dataclass(frozen=True, slots=True)
class DayFigures:
    """Points of one day in the mall's zone. ``minted`` less what was clawed back, ``redeemed`` less refunds."""

    day: date
    minted: int = 0
    redeemed: int = 0
    expired: int = 0


def daily_figures(tx: Session, days: int, now: datetime, zone: ZoneInfo) -> list[DayFigures]:
    """The last ``days`` days, today included, the oldest first; a day without postings is all zeros."""
    first = local_date(now, zone) - timedelta(days=days - 1)
    asked = {"zone": zone.key, "since": day_start(first, zone), "until": now}
    found = {
        row[0]: DayFigures(row[0], int(row[1]), int(row[2]), int(row[3])) for row in cursor(tx).execute(_DAYS, asked)
    }
    listed = [first + timedelta(days=place) for place in range(days)]
    return [found.get(day, DayFigures(day)) for day in listed]


def outstanding(tx: Session) -> tuple[int, int]:
    """Points that members hold (spendable, waiting or set aside), and points that they owe."""
    row = cursor(tx).execute(_OUTSTANDING).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])
