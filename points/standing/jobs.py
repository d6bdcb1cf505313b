"""The job of standing: whoever's points have moved is looked at within a minute, everybody once a day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from mall.clock import local_date
from mall.db import Login, run_tx
from mall.jobs import JobRun, job
from points.earning.book_events import mall_zone
from points.standing.level_changes import refresh_levels
from points.standing.level_models import LevelSettings

NAME = "standing"
BATCH = 500
OVERLAP = timedelta(minutes=1)
"""Transactions that were under way when the last run looked are seen by the next one."""
_MOVED = text("SELECT DISTINCT member_id FROM ledger.postings WHERE posted_at >= :since ORDER BY member_id")
_NEXT = text("SELECT id FROM members WHERE status <> 'closed' AND id > :after ORDER BY id LIMIT :most")


@job(NAME, every=timedelta(minutes=1), aside=True)
def keep_standing(now: datetime) -> dict[str, int]:
    """Levels of members whose points moved since the last run; of everybody on a new day or under new levels."""
    since = run_tx(Login.BACKOFFICE, lambda tx: _since(tx, now))
    seen = changed = 0
    for batch in _everybody() if since is None else _moved(since):
        changed += run_tx(Login.EARNING, lambda tx, batch=batch: refresh_levels(tx, batch, now, mall_zone()))  # type: ignore[misc]
        seen += len(batch)
    return {"members": seen, "levels": changed} if seen else {}


def _since(tx: Session, now: datetime) -> datetime | None:
    """From when on movements have not been looked at; None: everybody is to be."""
    last = tx.scalar(select(JobRun.last_success_at).where(JobRun.name == NAME))
    if last is None or local_date(last, mall_zone()) != local_date(now, mall_zone()):
        return None
    changed = tx.scalar(select(LevelSettings.updated_at))
    return None if changed is not None and changed >= last - OVERLAP else last - OVERLAP


def _moved(since: datetime) -> Iterator[Sequence[str]]:
    found = run_tx(Login.EARNING, lambda tx: tx.scalars(_MOVED, {"since": since}).all())
    for start in range(0, len(found), BATCH):
        yield found[start : start + BATCH]


def _everybody() -> Iterator[Sequence[str]]:
    after = ""
    while True:
        asked = {"after": after, "most": BATCH}
        found = run_tx(Login.EARNING, lambda tx, asked=asked: tx.scalars(_NEXT, asked).all())  # type: ignore[misc]
        if not found:
            return
        yield found
        after = found[-1]
