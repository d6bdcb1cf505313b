"""Reminders of the daily check-in, for members who want one: at most one on a day, at an hour of their choice."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from mall.clock import local_date
from mall.db import cursor
from points.checkin.models import CheckInReminder
from points.earning.book_events import mall_zone

# A day that is settled is not looked at again; who has checked in by now is settled without a word.
_DUE = """WITH due AS (SELECT member_id FROM check_in_reminders WHERE hour <= %(hour)s
   AND (last_day IS NULL OR last_day < %(day)s) ORDER BY member_id LIMIT %(most)s FOR UPDATE SKIP LOCKED),
 settled AS (UPDATE check_in_reminders AS r SET last_day = %(day)s FROM due
   WHERE r.member_id = due.member_id RETURNING r.member_id)
 SELECT s.member_id, m.status = 'active' AND NOT EXISTS (SELECT FROM check_ins AS c
   WHERE c.member_id = s.member_id AND c.day = %(day)s) AND NOT EXISTS (SELECT FROM frozen_days WHERE day = %(day)s)
 FROM settled AS s JOIN members AS m ON m.id = s.member_id ORDER BY 1"""


def reminder_hour(tx: Session, member_id: str) -> int | None:
    """The hour of the mall's zone at which a member is reminded; None: never."""
    row = tx.get(CheckInReminder, member_id, populate_existing=True)
    return row.hour if row is not None else None


def remind_at(tx: Session, member_id: str, hour: int, now: datetime) -> None:
    """Remind a member on days to come, and today if that hour is still ahead."""
    local = now.astimezone(mall_zone())
    settled = local.date() if hour <= local.hour else None
    row = insert(CheckInReminder).values(member_id=member_id, hour=hour, last_day=settled)
    # Moving the hour on the same day brings no second reminder.
    last = {"hour": hour, "last_day": row.excluded.last_day} if settled else {"hour": hour}
    tx.execute(row.on_conflict_do_update(index_elements=["member_id"], set_=last))


def forget_reminder(tx: Session, member_id: str) -> None:
    """Remind a member no more."""
    tx.execute(delete(CheckInReminder).where(CheckInReminder.member_id == member_id))


def due_reminders(tx: Session, now: datetime, most: int) -> tuple[int, list[str]]:
    """Settle today for up to ``most`` members whose hour has come; how many, and who of them is to be told."""
    local = now.astimezone(mall_zone())
    values = {"hour": local.hour, "day": local_date(now, mall_zone()), "most": most}
    rows = cursor(tx).execute(_DUE, values).fetchall()
    return len(rows), [member_id for member_id, told in rows if told]
