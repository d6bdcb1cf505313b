"""Rules: what evaluating one event against many costs, and how long a back-test of a long history takes.

The back-test runs as it does in use: asked for like the back office asks, taken up by the server's worker, while a
reporting system goes on sending.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psutil
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from bench.load import Result
from mall import clock
from mall.db import Login, run_tx
from points.backtest.store import ask, backtest
from points.earning.defaults import DEFAULT_RULES
from points.earning.documents import read_document
from points.earning.drafts import create_draft
from points.earning.evaluate import RuleSet, RuleVersion
from points.earning.event_types import Facts
from points.earning.versions import By

RULES = 50
EVALUATIONS = 2_000
HISTORY = int(os.environ.get("BENCH_HISTORY", "200000"))
"""Events to replay; the issue's figure is for 1,000,000."""
STAGES = 3
MEMBERS = 20_000
ZONE = ZoneInfo("Asia/Shanghai")
_EVENTS = """INSERT INTO sources.credit_events (event_key, source_id, fingerprint, box, member_id, case_key, type,
  facts, occurred_at, arrival, posted_at, status, points, awards)
 SELECT sha256(('bench-event-' || n)::bytea), 'bench', '\\x00', '\\x00', 'mbr_bench' || (n / :stages) % :members,
  sha256(('bench-case-' || n / :stages)::bytea), 'tip.outcome',
  jsonb_build_object('stage', (ARRAY['received', 'adopted', 'solved'])[n % :stages + 1], 'grade', n / :stages % 6,
   'share', 100),
  CAST(:since AS timestamptz) + n * CAST(:step AS interval), n % :stages + 1,
  CAST(:since AS timestamptz) + n * CAST(:step AS interval), 'booked', 10, '[]'
 FROM generate_series(0, :last) AS n"""
_CASES = """INSERT INTO sources.cases (case_key, source_id, member_id, type, arrivals, anchor_at, deciding_event, worth,
  award_ids)
 SELECT e.case_key, 'bench', min(e.member_id), 'tip.outcome', count(*), min(e.occurred_at), NULL, 0, '{}'
 FROM sources.credit_events e WHERE e.source_id = 'bench' GROUP BY e.case_key"""


def evaluation_milliseconds() -> float:
    """CPU milliseconds of one event against ``RULES`` published rules with conditions of their own."""
    rules = RuleSet([RuleVersion(f"rule-{number}", 1, read_document(_document(number))) for number in range(RULES)])
    at = datetime(2026, 11, 20, 2, tzinfo=UTC)
    facts = [
        Facts("tip.outcome", at, {"stage": stage, "grade": grade, "level": 2, "share": 100})
        for stage in ("received", "adopted", "solved") for grade in range(6)
    ]  # fmt: skip
    for one in facts:
        rules.worth(one, ZONE)
    began = time.process_time()
    for number in range(EVALUATIONS):
        rules.worth(facts[number % len(facts)], ZONE)
    return (time.process_time() - began) / EVALUATIONS * 1000


def _document(number: int) -> dict[str, Any]:
    return {
        **DEFAULT_RULES["tip-outcome"],
        "condition": f"grade >= {number % 6} && stage != 'rejected' && (level > {number % 4} || hour < {number % 24})",
    }


@dataclass(frozen=True, slots=True)
class BacktestTimes:
    """A back-test beside a load: events, seconds, the worker's largest size, credits a second without and with it."""

    events: int
    seconds: float
    megabytes: float
    quiet: float
    beside: float

    @property
    def minutes_for_a_million(self) -> float:
        """By this run's rate."""
        return self.seconds / self.events * 1_000_000 / 60


def measure_backtest(app: Flask, supervisor: int, load: Callable[[float], Result]) -> BacktestTimes:
    """``supervisor``: pid of the server. ``load(seconds)`` sends credits; the history is made here."""
    with app.app_context():
        first, now = run_tx(Login.OWNER, _fill)
        quiet = load(5.0).rate
        by = By("staff:bench", True, clock.now())
        number = run_tx(Login.BACKOFFICE, lambda tx: create_draft(tx, "tip-outcome", by, _draft()).version)
        test = run_tx(Login.BACKOFFICE, lambda tx: ask(tx, "tip-outcome", number, first, now, by).id)
    worker = next(
        process for process in psutil.Process(supervisor).children(recursive=True)
        if "worker" in process.cmdline()
    )  # fmt: skip
    began, largest, answers, seconds = None, 0.0, 0, 0.0
    while True:
        with app.app_context():
            view = run_tx(
                Login.BACKOFFICE, lambda tx: backtest(tx, "tip-outcome", number, test, clock.now(), names=False)
            )
        if view.state in ("done", "failed"):
            break
        if view.state == "running":
            began = began or time.monotonic()
        sent = load(1.0)
        if began is not None:
            answers, seconds = answers + sum(sent.statuses.values()), seconds + sent.seconds
        largest = max(largest, worker.memory_info().rss / 1_000_000)
    if view.state != "done" or view.result is None:
        raise SystemExit(f"the back-test failed: {view.error}")
    took = time.monotonic() - (began or time.monotonic())
    return BacktestTimes(int(view.result["events"]), took, largest, quiet, answers / seconds if seconds else 0.0)


def _draft() -> dict[str, Any]:
    document = DEFAULT_RULES["tip-outcome"]
    base = document["points"]["base"]
    solved = {**base, "equal": {**base["equal"], "solved": 120}}
    return {**document, "points": {**document["points"], "base": solved}}


def _fill(tx: Session) -> tuple[datetime, datetime]:
    """``HISTORY`` events of the last year, three of a case; the first and the last moment."""
    now = clock.now()
    since, step = now - timedelta(days=365), timedelta(days=364) / HISTORY
    values = {"since": since, "step": step, "stages": STAGES, "members": MEMBERS, "last": HISTORY - 1}
    tx.execute(text(_EVENTS), values)
    tx.execute(text(_CASES))
    tx.execute(text("ANALYZE sources.credit_events, sources.cases"))
    return since, now
