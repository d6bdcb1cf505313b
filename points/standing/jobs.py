"""Jobs of standing: whoever's points have moved is looked at within a minute, everybody once a day; boards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from mall.clock import local_date
from mall.db import Login, run_tx
from mall.jobs import JobRun, job
from points.badges.award import award_badges
from points.badges.figures import counted_since
from points.badges.holders import keep_holders
from points.badges.rounds import next_members, note_seen
from points.earning.book_events import mall_zone
from points.standing.board_scores import keep_scores, kept_boards
from points.standing.boards import PERIODS, period_start
from points.standing.level_changes import refresh_levels
from points.standing.level_models import LevelSettings

NAME = "standing"
BATCH = 500
OVERLAP = timedelta(minutes=1)
"""Transactions that were under way when the last run looked are seen by the next one."""
_MOVED = text("SELECT DISTINCT member_id FROM ledger.postings WHERE posted_at >= :since")
_NEXT = text("SELECT id FROM members WHERE status <> 'closed' AND id > :after ORDER BY id LIMIT :most")


@job(NAME, every=timedelta(minutes=1), aside=True)
def keep_standing(now: datetime) -> dict[str, int]:
    """Levels and badges of members whose points moved since the last run; levels of everybody each day or under new
    levels; badges of everybody each day, a thousand members at a time.

    The very first run gives everybody badges without a notice: what was reached long ago is no news.
    """
    last = run_tx(Login.BACKOFFICE, _last_success)
    if last is None:
        return _begin(now)
    moved = list(_moved(last - OVERLAP))
    anew = run_tx(Login.BACKOFFICE, lambda tx: _levels_anew(tx, last, now))
    seen = levels = badges = 0
    for batch in _everybody() if anew else moved:
        levels += _levels_of(batch, now)
        seen += len(batch)
    for batch in moved:
        badges += _badges_of(batch, now)
    looked_at, more = _next_of_the_round(now)
    seen = max(seen, looked_at)
    return {"members": seen, "levels": levels, "badges": badges + more} if seen else {}


def _begin(now: datetime) -> dict[str, int]:
    seen = levels = badges = 0
    for batch in _everybody():
        levels += _levels_of(batch, now)
        badges += _badges_of(batch, now, quiet=True)
        seen += len(batch)
    run_tx(Login.EARNING, lambda tx: note_seen(tx, local_date(now, mall_zone()), []))
    return {"members": seen, "levels": levels, "badges": badges} if seen else {}


def _levels_of(batch: Sequence[str], now: datetime) -> int:
    return run_tx(Login.EARNING, lambda tx: refresh_levels(tx, batch, now, mall_zone()))


def _badges_of(batch: Sequence[str], now: datetime, *, quiet: bool = False) -> int:
    return run_tx(Login.EARNING, lambda tx: award_badges(tx, batch, now, mall_zone(), quiet=quiet))


def _next_of_the_round(now: datetime) -> tuple[int, int]:
    """How many members were looked at, and their new badges."""
    today = local_date(now, mall_zone())

    def work(tx: Session) -> tuple[int, int]:
        members = next_members(tx, today)
        if members is None:
            return 0, 0
        found = award_badges(tx, members, now, mall_zone())
        note_seen(tx, today, members)
        return len(members), found

    return run_tx(Login.EARNING, work)


@job("count-boards", every=timedelta(minutes=5), aside=True)
def count_boards(now: datetime) -> dict[str, int]:
    """Count the boards of many members, thousands in a transaction; smaller ones are counted when read."""
    if not run_tx(Login.EARNING, kept_boards):
        return {}
    since = {period: period_start(period, now, mall_zone()) for period in PERIODS}
    after: str | None = ""
    portions = 0
    while after is not None:
        after = run_tx(Login.EARNING, lambda tx, after=after: keep_scores(tx, after, since))  # type: ignore[misc]
        portions += 1
    return {"portions": portions}


@job("count-badges", every=timedelta(minutes=15), aside=True)
def count_badges(now: datetime) -> dict[str, int]:
    """Count who holds each badge where they are many; fewer are counted when it is read."""
    badges = run_tx(Login.EARNING, keep_holders)
    return {"badges": badges} if badges else {}


def _last_success(tx: Session) -> datetime | None:
    return tx.scalar(select(JobRun.last_success_at).where(JobRun.name == NAME))


def _levels_anew(tx: Session, last: datetime, now: datetime) -> bool:
    """Whether everybody's level is to be looked at: on a new day, or because staff have set the levels."""
    if local_date(last, mall_zone()) != local_date(now, mall_zone()):
        return True
    changed = tx.scalar(select(LevelSettings.updated_at))
    return changed is not None and changed >= last - OVERLAP


def _moved(since: datetime) -> Iterator[Sequence[str]]:
    def moved(tx: Session) -> list[str]:
        return sorted({*tx.scalars(_MOVED, {"since": since}), *counted_since(tx, since)})

    found = run_tx(Login.EARNING, moved)
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
