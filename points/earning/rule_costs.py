"""What each rule has granted in a span of time, less what was clawed back: totals, never of whom.

Postings do not say by which rule they came, so each asks for its award (measured: 4 s for a month of 430,000 members).
A job therefore adds them up once for each quarter of an hour that is over: postings are append-only, so such a sum
stays true. Whoever reads adds what came since. A day begins with a quarter of an hour in every zone there is.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, Session, mapped_column

from mall.clock import day_end, local_date
from mall.db import Base, IdText, Login, cursor, run_tx
from points.earning.periods import period_start
from points.ledger.daily import first_posting_at

SLOT = timedelta(minutes=15)
SETTLED_AFTER = timedelta(minutes=10)
"""When no transaction can be open any more that posts at a moment before: each of its waits ends after a minute."""

MINTED = "CASE WHEN p.debit = 'issued' THEN p.points ELSE -p.points END"
MINTED_FROM = """ledger.postings AS p JOIN sources.awards AS a ON a.award_id = p.award_id
 WHERE (p.debit = 'issued' OR p.credit = 'reversed') AND p.kind <> 'merged'"""
"""What counts as granted by a rule (``a.rule_key``), here and in the figures of days (``sources.rule_days``): those
know how many members there were, which no sum of quarters of an hour could tell, so that each has its own table."""

_BOOKED = f"""SELECT date_bin('15 minutes', p.posted_at, 'epoch') AS slot, a.rule_key, {MINTED} AS points
 FROM {MINTED_FROM} AND p.posted_at >= %(since)s"""
_KEEP = f"""INSERT INTO sources.rule_minted (slot, rule_key, points) SELECT slot, rule_key, sum(points)::int8
 FROM ({_BOOKED} AND p.posted_at < %(until)s) AS booked GROUP BY 1, 2"""
_LAST = "SELECT max(slot) FROM sources.rule_minted"
# The last slot was asked for before: what a job keeps meanwhile is among the postings then, not among the sums.
_ALL = f"""(SELECT slot, rule_key, points FROM sources.rule_minted WHERE slot >= %(first)s AND slot <= %(last)s
 UNION ALL {_BOOKED}) AS minted"""
_BY_RULE = f"SELECT rule_key, sum(points)::int8 FROM {_ALL} GROUP BY 1"
_BY_DAY = f"""SELECT (slot AT TIME ZONE %(zone)s)::date, sum(points)::int8 FROM {_ALL}
 WHERE %(rule)s::text IS NULL OR rule_key = %(rule)s GROUP BY 1"""


class RuleMinted(Base):
    """Points that a rule minted, less what was clawed back, from ``slot`` on for a quarter of an hour."""

    __tablename__ = "rule_minted"
    __table_args__ = ({"schema": "sources"},)

    slot: Mapped[datetime] = mapped_column(primary_key=True)
    rule_key: Mapped[str] = mapped_column(IdText, primary_key=True)
    points: Mapped[int] = mapped_column(BigInteger)


def costs_this_month(tx: Session, now: datetime, zone: ZoneInfo) -> dict[str, int]:
    """Points by rule key, posted since the month began in the mall's zone; for the login that may read awards."""
    return dict(cursor(tx).execute(_BY_RULE, _since(tx, period_start("month", now, zone))).fetchall())


def minted_by_day(tx: Session, since: datetime, zone: ZoneInfo, rule_key: str | None) -> dict[date, int]:
    """Points by day of ``zone`` since the beginning of one, of a rule or, for None, of all."""
    asked = {**_since(tx, since), "zone": zone.key, "rule": rule_key}
    return dict(cursor(tx).execute(_BY_DAY, asked).fetchall())


def keep_costs(now: datetime, zone: ZoneInfo) -> int:
    """Add up what is over and was not added up, a day in each transaction; returns how many days were looked at.

    For one caller at a time (the job's lock).
    """
    last = run_tx(Login.EARNING, _last)
    begin = last + SLOT if last else run_tx(Login.EARNING, first_posting_at)
    end = _slot(now - SETTLED_AFTER)
    days = 0
    while begin is not None and begin < end:
        until = min(day_end(local_date(begin, zone), zone), end)
        part = {"since": begin, "until": until}
        run_tx(Login.EARNING, lambda tx, part=part: cursor(tx).execute(_KEEP, part).rowcount)  # type: ignore[misc]
        begin, days = until, days + 1
    return days


def _since(tx: Session, first: datetime) -> dict[str, datetime]:
    last = _last(tx)
    return {"first": first, "last": last or first, "since": max(first, last + SLOT) if last else first}


def _last(tx: Session) -> datetime | None:
    row = cursor(tx).execute(_LAST).fetchone()
    return row[0] if row else None


def _slot(moment: datetime) -> datetime:
    seconds = int(moment.timestamp())
    return datetime.fromtimestamp(seconds - seconds % int(SLOT.total_seconds()), UTC)
