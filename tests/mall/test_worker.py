"""Jobs run once at a time and when they are due; the worker ends in good order."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mall import jobs, worker
from mall.db import Login
from mall.errors import Unavailable
from mall.jobs import Job, JobRun, due_jobs, run_job
from mall.settings import Settings
from tests.mall.server import environment, until

ROOT = Path(__file__).resolve().parents[2]
Run = Callable[[Login, Callable[[Session], Any]], Any]


@pytest.fixture
def schedule(monkeypatch: pytest.MonkeyPatch) -> dict[str, Job]:
    """The register of jobs, empty for this test."""
    empty: dict[str, Job] = {}
    monkeypatch.setattr(jobs, "JOBS", empty)
    return empty


def note_of(run: Run, name: str) -> JobRun:
    """What is remembered of a job."""
    found: JobRun = run(Login.OWNER, lambda tx: tx.get(JobRun, name))
    return found


def test_a_job_runs_once_at_a_time_however_many_workers_there_are(
    app: Flask, run: Run, now: datetime, schedule: dict[str, Job]
) -> None:
    inside, leave = threading.Semaphore(0), threading.Event()
    runs: list[datetime] = []

    def work(moment: datetime) -> dict[str, int]:
        runs.append(moment)
        inside.release()
        assert leave.wait(30)
        return {"things": 7}

    schedule["slow"] = Job("slow", timedelta(hours=1), work)
    results: list[Any] = []

    def in_thread() -> None:
        with app.app_context():
            results.append(run_job("slow", now))

    thread = threading.Thread(target=in_thread)
    thread.start()
    assert inside.acquire(timeout=30)
    assert [run_job("slow", now) for _ in range(3)] == [None, None, None]
    leave.set()
    thread.join()
    assert (results, runs) == ([{"things": 7}], [now])
    inside.release()
    assert run_job("slow", now) == {"things": 7}


def test_a_job_that_another_worker_has_just_run_is_not_run_again(
    run: Run, now: datetime, schedule: dict[str, Job]
) -> None:
    schedule["quick"] = Job("quick", timedelta(hours=1), lambda moment: {})
    assert run(Login.BACKOFFICE, lambda tx: due_jobs(tx, now)) == ["quick"]
    assert run_job("quick", now, only_if_due=True) == {}
    assert run_job("quick", now, only_if_due=True) is None
    assert run(Login.BACKOFFICE, lambda tx: due_jobs(tx, now + timedelta(minutes=59))) == []
    assert run(Login.BACKOFFICE, lambda tx: due_jobs(tx, now + timedelta(minutes=60))) == ["quick"]


def test_a_job_that_fails_says_so_and_is_tried_again_in_five_minutes(
    run: Run, now: datetime, schedule: dict[str, Job]
) -> None:
    def work(moment: datetime) -> dict[str, int]:
        raise RuntimeError("no disk")

    schedule["bad"] = Job("bad", timedelta(hours=6), work)
    with pytest.raises(RuntimeError, match="no disk"):
        run_job("bad", now)
    note = note_of(run, "bad")
    assert (note.last_run_at, note.last_success_at, note.last_error) == (now, None, "RuntimeError: no disk")
    assert run(Login.BACKOFFICE, lambda tx: due_jobs(tx, now + timedelta(minutes=4))) == []
    assert run(Login.BACKOFFICE, lambda tx: due_jobs(tx, now + timedelta(minutes=5))) == ["bad"]
    schedule["bad"] = Job("bad", timedelta(hours=6), lambda moment: {"files": 1})
    assert run_job("bad", now + timedelta(minutes=5)) == {"files": 1}
    note = note_of(run, "bad")
    assert (note.last_success_at, note.last_error, note.summary) == (now + timedelta(minutes=5), None, {"files": 1})


def test_one_bad_job_does_not_keep_the_worker_from_the_others(
    app: Flask, run: Run, schedule: dict[str, Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def bad(moment: datetime) -> dict[str, int]:
        raise RuntimeError("no disk")

    def good(moment: datetime) -> dict[str, int]:
        done.append("good")
        return {}

    schedule.update(bad=Job("bad", timedelta(hours=1), bad), good=Job("good", timedelta(hours=1), good))
    worker.run_worker(app, once=True)
    assert done == ["good"]
    assert note_of(run, "bad").last_error == "RuntimeError: no disk"


def test_a_database_that_is_away_is_waited_for(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def away(now: datetime) -> int:
        calls.append(1)
        raise Unavailable("database_unavailable", retry_after=1)

    monkeypatch.setattr(worker, "deliver_due", away)
    worker.run_worker(app, once=True)
    assert calls == [1]


@pytest.mark.crash
def test_the_worker_process_does_what_is_due_and_ends_on_sigterm(app: Flask, run: Run) -> None:
    settings: Settings = app.extensions["settings"]
    more = {"DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url}
    process = subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "wsgi", "worker"], cwd=ROOT, stderr=subprocess.PIPE, text=True,
        env=environment(
            settings.var, SECRET_KEY=settings.secret_key, **{name: value for name, value in more.items() if value}
        ),
    )  # fmt: skip
    assert process.stderr is not None
    said: list[str] = []
    listening = threading.Thread(target=lambda: said.extend(process.stderr or ()))
    listening.start()
    ran = select(func.count()).where(JobRun.last_success_at.is_not(None))  # a job that finds nothing says nothing
    until(lambda: run(Login.OWNER, lambda tx: tx.execute(ran).scalar()) == len(jobs.JOBS), "every job has run")
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    listening.join()
    assert '"worker stopped"' in said[-1]
    process.stderr.close()
    assert {name: note_of(run, name).last_error for name in jobs.JOBS} == dict.fromkeys(jobs.JOBS)
