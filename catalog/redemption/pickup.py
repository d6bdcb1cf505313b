"""Handing a gift over: staff give the code that the member shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from catalog.redemption.advance import Step, take_step
from catalog.redemption.codes import code_hash, typed_code
from catalog.redemption.lifecycle import By, Status, targets
from mall.crypto import keyring
from mall.db import cursor
from mall.errors import Conflict, NotFound, TooMany

MISSES = 10
MISS_WINDOW = timedelta(minutes=15)
"""Ten wrong codes in 15 minutes by one member of staff, then none: the eight digits stay a secret."""

JUST_NOW = timedelta(minutes=10)
"""How long the desk that handed a gift over is told so when the same code is scanned again."""

T = TypeVar("T")
_LOOK = """SELECT o.id, o.number, o.gift_name, o.variant_name, o.quantity, o.picture, p.name, o.status,
  c.closed_at IS NULL, o.kind, p.opening
 FROM pickup_codes AS c JOIN orders AS o ON o.id = c.order_id LEFT JOIN pickup_points AS p ON p.id = o.pickup_point_id
 LEFT JOIN order_history AS h ON h.order_id = o.id AND h.seq = o.history_seq AND h.status = 'completed'
  AND h.actor = %s
 WHERE c.code_hash = %s AND (c.closed_at IS NULL OR (c.closed_at > %s AND h.order_id IS NOT NULL))
 ORDER BY c.closed_at NULLS FIRST LIMIT 1"""
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


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for a code: item and label, as the desk shows it, never price, balance or member."""

    order_id: str
    number: str
    gift_name: dict[str, str]
    variant_name: dict[str, str] | None
    quantity: int
    picture: str | None
    point_name: dict[str, str] | None
    status: str
    ready: bool
    """Whether it can be handed over; else somebody just did so, or it is not ready."""
    opening: dict[str, Any] | None
    """The point's opening hours as they are stored."""


def find_waiting(tx: Session, code: str, actor: str, now: datetime) -> Waiting:
    """The order that waits for ``code``, or that ``actor`` has handed over in the last minutes. Changes nothing.

    Raises NotFound ``pickup_code_not_found``, the same for a code that is wrong, used or cancelled.
    """
    digits = typed_code(code)
    row: Any = None
    if digits is not None:
        asked = (actor, code_hash(keyring(), digits), now - JUST_NOW)
        row = cursor(tx).execute(_LOOK, asked).fetchone()
    if row is None:
        raise NotFound("pickup_code_not_found")
    ready = row[8] and Status.COMPLETED.value in targets(row[9], row[7], By.STAFF)
    return Waiting(*(*row[:8], ready, row[10]))


def counting_misses(tx: Session, staff_id: str, now: datetime, attempt: Callable[[], T]) -> T | NotFound:
    """The outcome of an attempt with a code; one that no order waits for is returned, not raised, and counted.

    So the caller commits the count and raises afterwards. Raises TooMany after too many misses.
    """
    refuse_after_misses(tx, staff_id, now)
    try:
        with tx.begin_nested():
            return attempt()
    except NotFound as error:
        note_miss(tx, staff_id, now)
        return error


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
