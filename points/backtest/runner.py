"""Running back-tests: small ones at once, all others in the worker, beside its other work.

The history is read in one transaction that only reads; progress and the result are written in others, so that
a page sees them while the test runs. Only the login EARNING may read the sources.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import current_app

from mall import clock
from mall.db import Login, cursor, run_tx
from mall.errors import Unavailable
from mall.jobs import job
from mall.logs import in_short
from mall.queued import TELL_SECONDS, Tell, do_all, now_and_then
from points.backtest.compute import Question, compute
from points.backtest.history import few
from points.backtest.store import BacktestView, ask, backtest, finish, give_up, take_up, tell
from points.earning.book_events import mall_zone
from points.earning.rule_models import RuleBacktest
from points.earning.versions import By

AT_ONCE = 2000
"""Up to so many events a back-test runs within the request that asks for it."""


@job("run-backtests", every=timedelta(seconds=1), lane="large")
def run_backtests(now: datetime) -> dict[str, Any]:
    """Run every back-test that waits; an empty summary when none did."""
    done = do_all(Login.EARNING, RuleBacktest, run_backtest)
    return {"backtests": done} if done else {}


def start_backtest(key: str, number: int, since: datetime, until: datetime, by: By, *, names: bool) -> BacktestView:
    """Ask for a back-test and, when its history is short, run it at once. Raises as ``ask``."""
    made = run_tx(Login.BACKOFFICE, lambda tx: ask(tx, key, number, since, until, by).id)
    if run_tx(Login.EARNING, lambda tx: few(cursor(tx), AT_ONCE)):
        run_backtest(made)
    return run_tx(Login.BACKOFFICE, lambda tx: backtest(tx, key, number, made, by.now, names=names))


def run_backtest(test_id: str) -> None:
    """Run one back-test that nobody else runs; a failure is kept as its result."""
    asked = run_tx(Login.EARNING, lambda tx: take_up(tx, test_id, clock.now()))
    if asked is None:
        return
    try:
        result = _computed(asked, _teller(test_id))
    except Unavailable:  # it is taken up again once the database is back
        raise
    except Exception as error:
        problem = in_short(error)
        current_app.logger.exception("back-test failed")
        run_tx(Login.EARNING, lambda tx: give_up(tx, test_id, problem, clock.now()))
        return
    run_tx(Login.EARNING, lambda tx: finish(tx, test_id, result, clock.now()))


def _computed(asked: Question, progress: Tell) -> dict[str, Any]:
    zone = mall_zone()
    return run_tx(Login.EARNING, lambda tx: compute(tx, asked, zone, progress))


def _teller(test_id: str) -> Tell:
    def note(done: int, total: int | None) -> None:
        run_tx(Login.EARNING, lambda tx: tell(tx, test_id, done, total, clock.now()))

    return now_and_then(note, TELL_SECONDS)
