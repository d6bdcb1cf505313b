"""Notices of activities, to those who have signed up: the day before, and when one is moved or called off."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from mall.clock import day_end, day_start, local_date
from mall.db import cursor
from mall.ids import new_id
from mall.outbox import handler
from points.activities.keep import told_of
from points.activities.models import Activity
from points.earning.book_events import mall_zone

REMINDER = "activity.tomorrow"
FROM_HOUR = 9
"""Hour of the mall's zone from which tomorrow's activities are told of: nobody is told at night."""
AT_ONCE = 1000
"""Notices written in one statement."""

_SIGNED_UP = """SELECT p.member_id FROM participations AS p JOIN members AS m ON m.id = p.member_id
 AND m.status <> 'closed' WHERE p.activity_id = %s AND p.signed_up_at IS NOT NULL ORDER BY 1"""
# Who signs up on the day before needs no reminder. What is settled is not looked at again, whoever wants it or not.
_DUE = """WITH due AS (SELECT p.member_id FROM participations AS p WHERE p.activity_id = %(activity)s
   AND p.signed_up_at < %(today)s AND p.reminded_on IS DISTINCT FROM %(day)s
   ORDER BY p.member_id LIMIT %(most)s FOR NO KEY UPDATE SKIP LOCKED),
 settled AS (UPDATE participations AS p SET reminded_on = %(day)s FROM due
   WHERE p.activity_id = %(activity)s AND p.member_id = due.member_id RETURNING p.member_id)
 SELECT s.member_id, m.status = 'active' AND NOT EXISTS (SELECT FROM notice_preferences AS n
   WHERE n.member_id = s.member_id AND 'activities' = ANY (n.off))
 FROM settled AS s JOIN members AS m ON m.id = s.member_id ORDER BY 1"""
_TELL = """INSERT INTO notifications (id, member_id, kind, detail, created_at)
 SELECT id, member_id, %s, %s::jsonb, %s FROM unnest(%s::text[], %s::text[]) AS n (id, member_id)"""


@handler("activity.changed")
def tell_of_change(tx: Session, payload: dict[str, Any], now: datetime) -> None:
    """Tell everybody who has signed up; nobody can switch this off."""
    members = [row[0] for row in cursor(tx).execute(_SIGNED_UP, (payload["activity"],))]
    detail = {name: value for name, value in payload.items() if name != "kind"}
    _tell(tx, payload["kind"], members, detail, now)


def remind_of_activities(tx: Session, now: datetime) -> tuple[int, int]:
    """Remind of tomorrow's activities, up to ``AT_ONCE`` members of one; how many were settled and how many told."""
    zone = mall_zone()
    if now.astimezone(zone).hour < FROM_HOUR:
        return 0, 0
    today = local_date(now, zone)
    day = today + timedelta(days=1)
    tomorrow = select(Activity).where(
        Activity.state == "published",
        Activity.starts_at >= day_start(day, zone),
        Activity.starts_at < day_end(day, zone),
    )
    for row in tx.scalars(tomorrow.order_by(Activity.starts_at, Activity.id)):
        values = {"activity": row.id, "today": day_start(today, zone), "day": day, "most": AT_ONCE}
        settled = cursor(tx).execute(_DUE, values).fetchall()
        if settled:
            told = [member_id for member_id, wanted in settled if wanted]
            _tell(tx, REMINDER, told, told_of(row), now)
            return len(settled), len(told)
    return 0, 0


def _tell(tx: Session, kind: str, members: Sequence[str], detail: dict[str, Any], now: datetime) -> None:
    text = json.dumps(detail, ensure_ascii=False)
    for start in range(0, len(members), AT_ONCE):
        some = list(members[start : start + AT_ONCE])
        cursor(tx).execute(_TELL, (kind, text, now, [new_id("ntc") for _member in some], some))
