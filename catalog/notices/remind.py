"""Notices that remind members of the daily check-in, for those who asked for one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from catalog.notices.models import Notification
from mall.ids import new_id
from points.checkin.reminders import due_reminders

KIND = "check_in.reminder"
AT_ONCE = 1000
"""Members settled in one transaction."""


def remind_of_check_ins(tx: Session, now: datetime) -> tuple[int, int]:
    """Write today's reminders whose hour has come; returns how many members were settled and how many told."""
    settled, told = due_reminders(tx, now, AT_ONCE)
    tx.add_all(
        Notification(id=new_id("ntc"), member_id=member_id, kind=KIND, detail={}, created_at=now) for member_id in told
    )
    return settled, len(told)
