"""The jobs of the mall on a town's years, for ``bench.office``: each the first time, and as it runs from then on."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

from flask import Flask

from bench.figure import Figure
from mall import clock
from mall.jobs import JOBS, run_job

NOT_RUN = {"run-backtests", "payments", "send-top-ups"}
"""Jobs that speak to the network or have nothing to do here."""
DAILY = ("standing",)
"""Jobs that do more once a day: they run for tomorrow as well."""
GOAL = 180.0
"""Seconds: a job that runs for minutes keeps a core of the two from whoever is waiting."""


def run_jobs(app: Flask) -> Iterator[Figure]:
    """Run every job twice and say how long each took; the most memory that it took besides, where it is much."""
    for again in (False, True):
        for name in sorted(set(JOBS) - NOT_RUN):
            yield _job(app, name, clock.now(), "again" if again else "")
    for name in DAILY:
        yield _job(app, name, clock.now() + timedelta(days=1), "tomorrow")


def _job(app: Flask, name: str, now: datetime, when: str) -> Figure:
    began, before = time.perf_counter(), _most_megabytes()
    try:
        with app.app_context():
            told = str(run_job(name, now))
    except Exception as error:  # a job that cannot be done at this size is a finding
        return Figure(
            f"{name} {when} FAILED {type(error).__name__}: {str(error)[:200]}", float("inf"), GOAL, "s", under=True
        )
    took, more = time.perf_counter() - began, _most_megabytes() - before
    grown = f", {more:.0f} MB more" if more >= 10 else ""
    return Figure(f"{name} {when} {told}{grown}", took, GOAL, "s", under=True)


def _most_megabytes() -> float:
    """The most memory this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
