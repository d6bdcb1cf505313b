"""Work that somebody asked for and a job of the worker does: rows that wait, are taken up, and tell how far they are.

A row says in ``state`` how it stands (queued, running, then how it ended) and in ``seen_at`` when who does it last gave
a sign of life. Long works of staff and back-tests of rules are such rows.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from mall import clock
from mall.db import Login, run_tx

SILENT = timedelta(minutes=2)
"""Work that has given no sign of life for so long was left by a worker that is no more."""
TELL_SECONDS = 0.5

Row = TypeVar("Row")
Tell = Callable[[int, int | None], None]
"""Called with how much is done, of how much (None: nobody knows yet)."""


def waiting(tx: Session, row: Any, now: datetime) -> list[str]:
    """Ids of what is to be done: asked for, or left by a worker that is no more; the oldest first."""
    return list(tx.scalars(select(row.id).where(_free(row, now)).order_by(row.id)))


def locked_free(tx: Session, row: type[Row], work_id: str, now: datetime) -> Row | None:
    """A row that waits, locked to be begun; None when somebody else has."""
    known: Any = row
    return tx.scalars(select(row).where(known.id == work_id, _free(row, now)).with_for_update()).first()


def do_all(login: Login, row: Any, do: Callable[[str], None]) -> int:
    """Do everything that waits, also what is asked for meanwhile; returns how many."""
    done = 0
    while ids := run_tx(login, lambda tx: waiting(tx, row, clock.now())):
        for work_id in ids:
            do(work_id)
            done += 1
    return done


def now_and_then(tell: Tell, seconds: float) -> Tell:
    """``tell``, but no oftener than every so many ``seconds`` between the beginning and the end."""
    last = 0.0

    def told(done: int, total: int | None) -> None:
        nonlocal last
        if done in (0, total) or time.monotonic() - last >= seconds:
            last = time.monotonic()
            tell(done, total)

    return told


def _free(row: Any, now: datetime) -> ColumnElement[bool]:
    return or_(row.state == "queued", and_(row.state == "running", row.seen_at < now - SILENT))
