"""Handing a gift over: staff give the code that the member shows."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from catalog.redemption.advance import Step, take_step
from catalog.redemption.codes import code_hash, typed_code
from catalog.redemption.lifecycle import By, Status
from mall.crypto import keyring
from mall.db import cursor
from mall.errors import Conflict, NotFound, TooMany

MISSES = 10
MISS_WINDOW = timedelta(minutes=15)
"""Ten wrong codes in 15 minutes by one member of staff, then none: the eight digits stay a secret."""

_FIND = "SELECT order_id FROM pickup_codes WHERE code_hash = %s AND closed_at IS NULL"
_LOCK_MISSES = """INSERT INTO pickup_misses (staff_id, missed_at) VALUES (%s, '{}')
 ON CONFLICT (staff_id) DO UPDATE SET staff_id = excluded.staff_id RETURNING missed_at"""
_NOTE_MISSES = "UPDATE pickup_misses SET missed_at = %s WHERE staff_id = %s"


def collect(tx: Session, code: str, actor: str, now: datetime) -> str:
    """Complete the order that waits for ``code``; returns its id.

    Raises NotFound ``pickup_code_not_found``, the same for a code that is wrong, used or cancelled.
    """
    digits = typed_code(code)
    row = None
    if digits is not None:
        row = cursor(tx).execute(_FIND, (code_hash(keyring(), digits),)).fetchone()
    if row is None:
        raise NotFound("pickup_code_not_found")
    try:
        take_step(tx, row[0], Step(Status.COMPLETED.value, By.STAFF, actor), now)
    except Conflict as error:  # somebody else was quicker
        raise NotFound("pickup_code_not_found") from error
    return str(row[0])


def refuse_after_misses(tx: Session, staff_id: str, now: datetime) -> None:
    """Raise TooMany ``too_many_codes`` after 10 misses in 15 minutes. Holds the row: attempts come one by one."""
    recent = _recent(tx, staff_id, now)
    if len(recent) >= MISSES:
        wait = recent[-MISSES] + MISS_WINDOW - now
        raise TooMany("too_many_codes", retry_after=max(1, int(wait.total_seconds()) + 1))


def note_miss(tx: Session, staff_id: str, now: datetime) -> None:
    """Remember that a member of staff gave a code that no order waits for."""
    recent = [*_recent(tx, staff_id, now), now]
    cursor(tx).execute(_NOTE_MISSES, (recent[-MISSES:], staff_id))


def _recent(tx: Session, staff_id: str, now: datetime) -> list[datetime]:
    row = cursor(tx).execute(_LOCK_MISSES, (staff_id,)).fetchone()
    return sorted(moment for moment in (row[0] if row else []) if moment > now - MISS_WINDOW)
