"""When a member will have the points for something: from what was earned lately and from the published rules."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from mall.clock import local_date
from mall.db import cursor
from points.checkin.pace import Outlook, outlook_of
from points.checkin.paying import worth_of_check_ins
from points.checkin.records import streak_of
from points.earning.book_events import mall_zone

LATELY = timedelta(days=30)
_EARNED = """SELECT coalesce(sum(points) FILTER (WHERE debit = 'issued'), 0)
   - coalesce(sum(points) FILTER (WHERE credit = 'reversed'), 0), min(posted_at) FILTER (WHERE debit = 'issued')
 FROM ledger.postings WHERE member_id = %s AND posted_at > %s AND kind IN ('earned', 'reversed')"""


def outlook(tx: Session, member_id: str, missing: int, now: datetime) -> Outlook | None:
    """In about how many days a member has ``missing`` more points; for the member's own eyes.

    It reads rules, so it runs under the login that earns.
    """
    earned, since = cursor(tx).execute(_EARNED, (member_id, now - LATELY)).fetchone() or (0, None)
    span = (now - since).days + 1 if since is not None else 1
    today = local_date(now, mall_zone())
    streak, checked_in = streak_of(tx, member_id, today)
    worth = worth_of_check_ins(tx)

    def nth(number: int) -> int:
        ahead = number if checked_in else number - 1
        return worth(today + timedelta(days=ahead), streak + number)

    return outlook_of(missing, int(earned), span, nth)
