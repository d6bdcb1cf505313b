"""How many members did what in a period: each step of the way counts a person once, so days cannot be added up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from admin.figures.periods import PRESETS, Period, preset
from catalog.redemption.models import NOT_COUNTED_SQL
from mall.clock import day_end, day_start, local_date
from mall.db import Login, cursor, run_tx

FRESH = timedelta(minutes=40)
"""How old the figures of a period that still goes on may be; they are counted every 15 minutes."""
LONG, FRESH_IF_LONG, ANEW_IF_LONG = 60, timedelta(minutes=100), timedelta(minutes=55)
"""Days from which a period is counted once an hour: a day more changes little of it, and counting takes seconds."""
FORGOTTEN = timedelta(days=7)
"""After which a period that is over is counted anew, should somebody ask for it."""
AT_ONCE = 20_000
"""Days on which a member was active, all members together: of more, a page does not count who they were."""
ASKED = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for the moment of counting where a period is asked for and not counted yet."""
_REACH = f"""WITH checked AS (SELECT DISTINCT member_id FROM check_ins
  WHERE day BETWEEN %(first)s AND %(last)s AND NOT repaired),
 ordered AS (SELECT member_id, bool_or(status NOT IN {NOT_COUNTED_SQL}) AS redeemed FROM orders
  WHERE placed_at >= %(since)s AND placed_at < %(until)s GROUP BY 1)
 SELECT (SELECT count(*) FROM members WHERE alias_of IS NULL AND status <> 'closed' AND created_at < %(until)s),
 (SELECT count(*) FROM (SELECT DISTINCT member_id FROM (SELECT member_id FROM checked
  UNION ALL SELECT member_id FROM ordered UNION ALL SELECT member_id FROM login_sessions WHERE member_id IS NOT NULL
   AND ((created_at >= %(since)s AND created_at < %(until)s)
    OR (last_seen_at >= %(since)s AND last_seen_at < %(until)s))) AS seen) AS here),
 (SELECT count(*) FROM checked), (SELECT count(*) FROM ordered WHERE redeemed)"""
_KEPT = """SELECT members, signed_in, checked_in, redeemed FROM period_reach
 WHERE first_day = %(first)s AND last_day = %(last)s AND computed_at > %(asked)s
 AND (computed_at >= %(over)s OR computed_at >= %(fresh)s)"""
_ASK = """INSERT INTO period_reach VALUES (%(first)s, %(last)s, 0, 0, 0, 0, %(asked)s)
 ON CONFLICT (first_day, last_day) DO UPDATE SET computed_at = excluded.computed_at"""
_ASKED = "SELECT first_day, last_day FROM period_reach WHERE computed_at = %s ORDER BY 1, 2"
_KEEP = """INSERT INTO period_reach VALUES (%(first)s, %(last)s, %(members)s, %(signed_in)s, %(checked_in)s,
 %(redeemed)s, %(now)s) ON CONFLICT (first_day, last_day) DO UPDATE SET members = excluded.members,
 signed_in = excluded.signed_in, checked_in = excluded.checked_in, redeemed = excluded.redeemed,
 computed_at = excluded.computed_at"""
_TAKES_LONG = "SET LOCAL statement_timeout = '5min'; SET LOCAL work_mem = '64MB'"
"""A year of 430,000 members is millions of check-ins; nobody waits for the job."""
_FORGET = "DELETE FROM period_reach WHERE computed_at < %(old)s AND computed_at > %(asked)s"


@dataclass(frozen=True, slots=True)
class Reach:
    """Members there were at the end of a period, and how many of them were seen, checked in, and redeemed in it.

    ``signed_in``: who opened a session, was last seen, checked in or ordered in it. The mall keeps no diary of visits,
    so of a period that is over it is the least that there were.
    """

    members: int
    signed_in: int
    checked_in: int
    redeemed: int


def reach(tx: Session, period: Period, now: datetime, zone: ZoneInfo, active: int | None = 0) -> Reach | None:
    """The figures of a period: those that are kept, else counted now; None where the job has to (``ask_reach``).

    ``active``: the sum of its days' active members, which says how much work it is to count them;
    None where nobody has counted those days.
    """
    found = kept_reach(tx, period, now, zone)
    if found is not None or (active is not None and active <= AT_ONCE):
        return found or count_reach(tx, period, zone)
    return None


def ask_reach(tx: Session, period: Period, now: datetime, zone: ZoneInfo) -> None:
    """Have the job count a long period, unless its figures are kept."""
    if kept_reach(tx, period, now, zone) is None:
        cursor(tx).execute(_ASK, {"first": period.first, "last": period.last, "asked": ASKED})


def is_asked(tx: Session, period: Period) -> bool:
    """Whether the job is going to count the period."""
    return (period.first, period.last) in cursor(tx).execute(_ASKED, (ASKED,)).fetchall()


def kept_reach(
    tx: Session, period: Period, now: datetime, zone: ZoneInfo, may_be: timedelta | None = None
) -> Reach | None:
    """The figures of a period as they were last counted; None where they are too old or not there.

    ``may_be``: how old, while the period goes on; None: as a page may show them.
    """
    may_be = may_be or (FRESH_IF_LONG if period.length >= LONG else FRESH)
    asked = {
        "first": period.first, "last": period.last, "over": day_end(period.last, zone), "fresh": now - may_be,
        "asked": ASKED,
    }  # fmt: skip
    row = cursor(tx).execute(_KEPT, asked).fetchone()
    return Reach(*row) if row else None


def count_reach(tx: Session, period: Period, zone: ZoneInfo) -> Reach:
    """Count the members of a period."""
    asked = {
        "first": period.first, "last": period.last,
        "since": day_start(period.first, zone), "until": day_end(period.last, zone),
    }  # fmt: skip
    row = cursor(tx).execute(_REACH, asked).fetchone()
    assert row is not None
    return Reach(*row)


def keep_usual(now: datetime, zone: ZoneInfo) -> int:
    """Count the periods that pages offer, and those they are compared with; returns how many.

    Each in a transaction of its own. One that is over is counted once, a long one once an hour.
    """
    today: date = local_date(now, zone)
    offered = [preset(name, today) for name in PRESETS]
    counted = _keep_all([*offered, *(one.before() for one in offered)], now, zone)
    old = {"old": now - FORGOTTEN, "asked": ASKED}
    run_tx(Login.BACKOFFICE, lambda tx: cursor(tx).execute(_FORGET, old).rowcount)
    return counted


def keep_asked(now: datetime, zone: ZoneInfo) -> int:
    """Count the periods that somebody has asked for; returns how many."""
    asked = run_tx(Login.BACKOFFICE, lambda tx: [Period(*row) for row in cursor(tx).execute(_ASKED, (ASKED,))])
    return _keep_all(asked, now, zone)


def _keep_all(periods: Iterable[Period], now: datetime, zone: ZoneInfo) -> int:
    counted = 0
    for period in dict.fromkeys(periods):
        counted += run_tx(Login.BACKOFFICE, lambda tx, period=period: _keep(tx, period, now, zone))  # type: ignore[misc]
    return counted


def _keep(tx: Session, period: Period, now: datetime, zone: ZoneInfo) -> bool:
    over, long = period.last < local_date(now, zone), period.length >= LONG
    if (over or long) and kept_reach(tx, period, now, zone, ANEW_IF_LONG) is not None:
        return False
    cursor(tx).execute(_TAKES_LONG)
    found = count_reach(tx, period, zone)
    cursor(tx).execute(_KEEP, {
        "first": period.first, "last": period.last, "members": found.members, "signed_in": found.signed_in,
        "checked_in": found.checked_in, "redeemed": found.redeemed, "now": now,
    })  # fmt: skip
    return True
