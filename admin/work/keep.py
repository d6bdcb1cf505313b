"""Long work as its rows change: asked for, taken up by the worker, told of, finished, looked up by who asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session, undefer

from admin.work.models import LongWork
from mall.errors import Conflict, NotFound
from mall.identity.models import Staff
from mall.ids import new_id
from mall.queued import locked_free

KEPT = timedelta(hours=24)
"""How long what came of it is kept; a file of members' points lies about no longer than somebody fetches it."""
MOST_UNDER_WAY = 3
SHOWN = 50


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a work came to: a file for who asked, or a result that a page shows."""

    file_name: str | None = None
    file: bytes | None = None
    result: dict[str, Any] | None = None


def ask(tx: Session, staff_id: str, kind: str, title: str, asked: dict[str, Any], now: datetime) -> LongWork:
    """Leave a work to the worker; the same one that is still under way is returned as it is.

    Raises Conflict ``work_under_way`` where the person has three going already.
    """
    tx.execute(select(Staff.id).where(Staff.id == staff_id).with_for_update())  # who asks twice is served one by one
    going = tx.scalars(select(LongWork).where(LongWork.staff_id == staff_id, _under_way())).all()
    for one in going:
        if (one.kind, one.asked) == (kind, asked):
            return one
    if len(going) >= MOST_UNDER_WAY:
        raise Conflict("work_under_way")
    work = LongWork(
        id=new_id("wrk"), staff_id=staff_id, kind=kind, title=title, asked=asked, state="queued", done=0, created_at=now
    )  # fmt: skip
    tx.add(work)
    tx.flush()
    return work


def own_work(tx: Session, staff_id: str, work_id: str, *, with_file: bool = False) -> LongWork:
    """A work of ``staff_id``. Raises NotFound, for somebody else's too."""
    query = select(LongWork).where(LongWork.id == work_id, LongWork.staff_id == staff_id)
    found = tx.scalars(query.options(undefer(LongWork.file)) if with_file else query).first()
    if found is None:
        raise NotFound()
    return found


def own_works(tx: Session, staff_id: str) -> Sequence[LongWork]:
    """What ``staff_id`` has asked for and is kept, the newest first."""
    query = select(LongWork).where(LongWork.staff_id == staff_id).order_by(LongWork.id.desc()).limit(SHOWN)
    return tx.scalars(query).all()


def take_up(tx: Session, work_id: str, now: datetime) -> LongWork | None:
    """Begin a work; None when somebody else has."""
    work = locked_free(tx, LongWork, work_id, now)
    if work is not None:
        work.state, work.seen_at, work.done, work.total = "running", now, 0, None
        tx.flush()
    return work


def tell(tx: Session, work_id: str, done: int, total: int | None, now: datetime) -> None:
    """Note how far it is."""
    _change(tx, work_id, done=done, total=total, seen_at=now)


def finish(tx: Session, work_id: str, outcome: Outcome, now: datetime) -> None:
    """Keep what came of it."""
    size = None if outcome.file is None else len(outcome.file)
    _change(
        tx, work_id, state="done", result=outcome.result, file=outcome.file, file_name=outcome.file_name,
        file_bytes=size, finished_at=now, seen_at=now,
    )  # fmt: skip


def give_up(tx: Session, work_id: str, problem: str, now: datetime, result: dict[str, Any] | None = None) -> None:
    """Note that it came to nothing. ``problem``: for people, empty where only the log can say."""
    _change(tx, work_id, state="failed", problem=problem, result=result, finished_at=now)


def forget(tx: Session, now: datetime) -> int:
    """Delete what is older than a day; returns how many."""
    gone = tx.execute(delete(LongWork).where(LongWork.created_at < now - KEPT))
    return int(gone.rowcount)  # type: ignore[attr-defined]


def _change(tx: Session, work_id: str, **values: Any) -> None:
    changed = update(LongWork).where(LongWork.id == work_id).values(values)
    tx.execute(changed.execution_options(synchronize_session=False))


def _under_way() -> Any:
    return LongWork.state.in_(("queued", "running"))
