"""Jobs: functions that run on a schedule in the worker, or by hand with ``flask jobs run NAME``.

A job runs under an advisory lock of its own, so however many workers there are, it runs once at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Mapped, Session, mapped_column

from mall.db import Base, IdText, Login, engine, run_tx
from mall.errors import Unavailable
from mall.http.idempotency import forget_old_keys
from mall.logs import in_short
from mall.outbox import forget_done

Work = Callable[[datetime], dict[str, Any]]
MESSAGES_KEPT = timedelta(days=7)
ASIDE = "aside"
LANES = {ASIDE: 5.0, "asked": 1.0, "large": 1.0}
"""Lanes beside the worker's own, and after how many seconds each looks what is due: what goes on by itself, what
somebody waits for, and what somebody waits for and may take minutes (back-tests, results of a quiz for everybody)."""
RETRY_AFTER = timedelta(minutes=5)
"""When a job that failed is tried again, unless its schedule says sooner."""
LOCK_SPACE = 7320
"""Second half of the advisory locks' keys; the first is the job's name, hashed."""


class JobRun(Base):
    """The last run of each job, and the last that went well."""

    __tablename__ = "job_runs"

    name: Mapped[str] = mapped_column(IdText, primary_key=True)
    last_run_at: Mapped[datetime | None]
    last_success_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(Text)
    summary: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


@dataclass(frozen=True, slots=True)
class Job:
    """A registered job."""

    name: str
    every: timedelta
    work: Work
    lane: str = ""
    """Jobs that may take minutes run in a thread of their lane's, so that messages and other jobs go on."""


JOBS: dict[str, Job] = {}


def job(name: str, *, every: timedelta, aside: bool = False, lane: str = "") -> Callable[[Work], Work]:
    """Register ``(now) -> summary`` to run ``every`` so often; an empty summary says there was nothing to do."""

    def register(work: Work) -> Work:
        JOBS[name] = Job(name, every, work, lane or (ASIDE if aside else ""))
        return work

    return register


def run_job(name: str, now: datetime, *, only_if_due: bool = False) -> dict[str, Any] | None:
    """Run a job; returns its summary, None when it is running elsewhere (or, ``only_if_due``, has just run).

    Raises KeyError for an unknown name, Unavailable when the database is away, or what the job raises.
    """
    found = JOBS[name]
    with _only_here(name) as alone:
        if not alone or (only_if_due and name not in run_tx(Login.BACKOFFICE, lambda tx: due_jobs(tx, now))):
            return None
        try:
            summary = found.work(now)
        except Unavailable:
            raise
        except Exception as error:
            problem = in_short(error)
            run_tx(Login.BACKOFFICE, lambda tx: _note(tx, name, now, None, problem))
            raise
        run_tx(Login.BACKOFFICE, lambda tx: _note(tx, name, now, summary, None))
    return summary


@contextmanager
def _only_here(name: str) -> Iterator[bool]:
    """Hold the job's advisory lock; whether it was free. Not in a transaction: a job may run for long."""
    lock = {"name": name, "space": LOCK_SPACE}
    try:
        connection = engine(Login.BACKOFFICE).connect().execution_options(isolation_level="AUTOCOMMIT")
        free = bool(connection.execute(text("SELECT pg_try_advisory_lock(hashtext(:name), :space)"), lock).scalar())
    except (DBAPIError, PoolTimeout) as error:
        raise Unavailable("database_unavailable", retry_after=2) from error
    with connection:
        try:
            yield free
        finally:
            if free:
                try:
                    connection.execute(text("SELECT pg_advisory_unlock(hashtext(:name), :space)"), lock)
                except DBAPIError:  # a lock lives no longer than its connection
                    connection.invalidate()


def _note(tx: Session, name: str, now: datetime, summary: dict[str, Any] | None, error: str | None) -> None:
    run = tx.get(JobRun, name)
    if run is None:
        run = JobRun(name=name)
        tx.add(run)
    run.last_run_at, run.last_error = now, error
    if error is None:
        run.last_success_at, run.summary = now, summary


def due_jobs(tx: Session, now: datetime, *, lane: str | None = None) -> list[str]:
    """Jobs whose last run is longer ago than their schedule says, or that failed five minutes ago.

    ``lane``: only those of one lane (empty: the worker's own); None for all.
    """
    last = {run.name: run for run in tx.query(JobRun)}
    wanted = {name: found for name, found in JOBS.items() if lane is None or found.lane == lane}
    return [name for name, found in wanted.items() if name not in last or _next_run(found, last[name]) <= now]


def _next_run(found: Job, run: JobRun) -> datetime:
    if run.last_run_at is None:
        return datetime.min.replace(tzinfo=UTC)
    return run.last_run_at + (found.every if run.last_error is None else min(found.every, RETRY_AFTER))


@job("forget-old", every=timedelta(hours=6))
def forget_old(now: datetime) -> dict[str, int]:
    """Delete idempotency keys after 30 days and handled messages after 7."""
    keys = run_tx(Login.BACKOFFICE, lambda tx: forget_old_keys(tx, now))
    messages = run_tx(Login.BACKOFFICE, lambda tx: forget_done(tx, now - MESSAGES_KEPT))
    return {"idempotency_keys": keys, "outbox_messages": messages}
