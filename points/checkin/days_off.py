"""Days on which a missing check-in breaks no streak: staff list them, before or shortly after."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from flask_babel import gettext as _
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from mall import audit
from mall.clock import local_date
from mall.db import cursor
from mall.errors import Conflict, Invalid, NotFound
from points.checkin.models import FrozenDay
from points.earning.book_events import mall_zone
from points.earning.versions import By

DAYS_BACK, DAYS_AHEAD = 31, 366
MOST_SHOWN = 500

# Runs that began only because of the missed day are joined to those before it. Nobody checks in meanwhile.
_LOCK = "LOCK TABLE check_ins IN SHARE ROW EXCLUSIVE MODE"
_JOIN = """WITH next AS (SELECT DISTINCT ON (member_id) member_id, day, streak FROM check_ins
   WHERE day > %(day)s ORDER BY member_id, day),
 joined AS (SELECT n.member_id, n.day AS first, p.streak AS more, (SELECT min(x.day) FROM check_ins AS x
    WHERE x.member_id = n.member_id AND x.day > n.day AND x.streak = 1) AS stop
   FROM next AS n JOIN LATERAL (SELECT day, streak FROM check_ins WHERE member_id = n.member_id AND day < %(day)s
    ORDER BY day DESC LIMIT 1) AS p ON true
   WHERE n.streak = 1
    AND n.day - p.day - 1 = (SELECT count(*) FROM frozen_days AS f WHERE f.day > p.day AND f.day < n.day)
    AND NOT EXISTS (SELECT FROM check_ins AS c WHERE c.member_id = n.member_id AND c.day = %(day)s))
 UPDATE check_ins AS c SET streak = c.streak + j.more FROM joined AS j
 WHERE c.member_id = j.member_id AND c.day >= j.first AND (j.stop IS NULL OR c.day < j.stop)"""


def days_off(tx: Session, since: date | None = None) -> Sequence[FrozenDay]:
    """Days listed from ``since`` on, the latest first."""
    query = select(FrozenDay).order_by(FrozenDay.day.desc()).limit(MOST_SHOWN)
    return tx.scalars(query if since is None else query.where(FrozenDay.day >= since)).all()


def add_day_off(tx: Session, day: date, reason: str, by: By) -> FrozenDay:
    """List a day; streaks that it had broken go on. What longer streaks would have paid is not paid afterwards.

    Raises Invalid for a day too far away, Conflict ``day_off_exists``.
    """
    today = local_date(by.now, mall_zone())
    if not today - timedelta(days=DAYS_BACK) <= day <= today + timedelta(days=DAYS_AHEAD):
        raise Invalid({"date": [_("Lies too far back or ahead.")]})
    row = insert(FrozenDay).values(day=day, reason=reason, added_by=by.name, added_at=by.now)
    if day < today:
        cursor(tx).execute(_LOCK)
    if tx.execute(row.on_conflict_do_nothing().returning(FrozenDay.day)).first() is None:
        raise Conflict("day_off_exists")
    if day < today:
        cursor(tx).execute(_JOIN, {"day": day})
    audit.record(tx, by.name, "day_off.added", f"day_off:{day}", {"reason": reason}, by.now, by.request_id)
    return tx.get_one(FrozenDay, day)


def remove_day_off(tx: Session, day: date, by: By) -> None:
    """Take a day off the list that is not over. Raises NotFound, Conflict ``day_is_past``."""
    if tx.get(FrozenDay, day) is None:
        raise NotFound()
    if day < local_date(by.now, mall_zone()):
        raise Conflict("day_is_past")
    tx.execute(delete(FrozenDay).where(FrozenDay.day == day))
    audit.record(tx, by.name, "day_off.removed", f"day_off:{day}", {}, by.now, by.request_id)
