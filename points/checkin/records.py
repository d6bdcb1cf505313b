"""What is on record of a member's check-ins: reading it, and locking it for a change."""

from __future__ import annotations

from datetime import date, timedelta

import psycopg
from sqlalchemy import select
from sqlalchemy.orm import Session

from mall.db import cursor
from points.checkin.models import CheckIn, CheckInSettings, FrozenDay
from points.checkin.streaks import follows
from points.ledger.shelf import lock_wallets

LONGEST_LOOK = timedelta(days=400)
"""How far back a last check-in is looked for: past it no chain of frozen days can reach."""


def lock_records(tx: Session, member_id: str) -> psycopg.Cursor[tuple]:
    """Lock a member's wallet, and by it the check-ins and cards: whoever changes them comes one at a time."""
    cur = cursor(tx)
    lock_wallets(cur, [member_id])
    return cur


def settings_of(tx: Session) -> CheckInSettings:
    """The one row of settings."""
    return tx.get_one(CheckInSettings, 1)


def frozen_days(tx: Session, first: date, last: date) -> frozenset[date]:
    """Days from ``first`` to ``last`` on which a missing check-in breaks no streak."""
    return frozenset(tx.scalars(select(FrozenDay.day).where(FrozenDay.day >= first, FrozenDay.day <= last)))


def last_before(tx: Session, member_id: str, day: date) -> tuple[date, int] | None:
    """Day and streak of the last check-in before ``day``."""
    query = select(CheckIn.day, CheckIn.streak).where(
        CheckIn.member_id == member_id, CheckIn.day < day, CheckIn.day >= day - LONGEST_LOOK
    )
    row = tx.execute(query.order_by(CheckIn.day.desc()).limit(1)).first()
    return (row[0], row[1]) if row else None


def streak_of(tx: Session, member_id: str, today: date) -> tuple[int, bool]:
    """The days in a row up to today, or up to yesterday before checking in; and whether that is done."""
    last = last_before(tx, member_id, today + timedelta(days=1))
    if last is None:
        return 0, False
    if last[0] == today:
        return last[1], True
    between = (today - last[0]).days > 1
    frozen = frozen_days(tx, last[0], today) if between else frozenset()
    return (last[1] if follows(last[0], today, frozen) else 0), False
