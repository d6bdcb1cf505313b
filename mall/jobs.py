"""Jobs: functions that run on a schedule in the worker, or by hand with ``flask jobs run NAME``.

A job runs under an advisory lock of its own, so however many workers there are, it runs once at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from mall.db import Base, IdText, Login, engine, run_tx
from mall.http.idempotency import forget_old_keys
from mall.outbox import forget_done

Work = Callable[[datetime], dict[str, Any]]
MESSAGES_KEPT = timedelta(days=7)


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


JOBS: dict[str, Job] = {}


def job(name: str, *, every: timedelta) -> Callable[[Work], Work]:
    """Register ``(now) -> summary`` to run ``every`` so often."""

    def register(work: Work) -> Work:
        JOBS[name] = Job(name, every, work)
        return work

    return register


def run_job(name: str, now: datetime) -> dict[str, Any] | None:
    """Run a job now; returns its summary, None when it is running elsewhere. Raises KeyError, or what the job raises."""
    found = JOBS[name]
    with engine(Login.BACKOFFICE).connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        locked = connection.execute(text("SELECT pg_try_advisory_lock(hashtext(:name), 7320)"), {"name": name}).scalar()
        if not locked:
            return None
        try:
            summary = found.work(now)
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"[:500]
            run_tx(Login.BACKOFFICE, lambda tx: _note(tx, name, now, None, problem))
            raise
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(hashtext(:name), 7320)"), {"name": name})
    run_tx(Login.BACKOFFICE, lambda tx: _note(tx, name, now, summary, None))
    return summary


def _note(tx: Session, name: str, now: datetime, summary: dict[str, Any] | None, error: str | None) -> None:
    run = tx.get(JobRun, name)
    if run is None:
        run = JobRun(name=name)
        tx.add(run)
    run.last_run_at, run.last_error = now, error
    if error is None:
        run.last_success_at, run.summary = now, summary


def due_jobs(tx: Session, now: datetime) -> list[str]:
    """Jobs whose last run is longer ago than their schedule says."""
    last = {run.name: run.last_run_at for run in tx.query(JobRun)}
    due = []
    for name, found in JOBS.items():
        ran = last.get(name)
        if ran is None or ran + found.every <= now:
            due.append(name)
    return due


@job("forget-old", every=timedelta(hours=6))
def forget_old(now: datetime) -> dict[str, int]:
    """Delete idempotency keys after 30 days and handled messages after 7."""
    keys = run_tx(Login.BACKOFFICE, lambda tx: forget_old_keys(tx, now))
    messages = run_tx(Login.BACKOFFICE, lambda tx: forget_done(tx, now - MESSAGES_KEPT))
    return {"idempotency_keys": keys, "outbox_messages": messages}
