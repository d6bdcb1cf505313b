"""The job that closes months."""

from __future__ import annotations

from datetime import datetime, timedelta

from mall.db import Login, run_tx
from mall.jobs import job
from points.prizes.close import close_month, due_months


@job("close-prizes", every=timedelta(minutes=15))
def close_prizes(now: datetime) -> dict[str, int]:
    """Close every month that is due, each in a transaction of its own."""
    closed = winners = 0
    for month in run_tx(Login.EARNING, lambda tx: due_months(tx, now)):
        wins = run_tx(Login.EARNING, lambda tx, month=month: close_month(tx, month, now))  # type: ignore[misc]
        if wins is not None:
            closed, winners = closed + 1, winners + len(wins)
    return {"months": closed, "winners": winners} if closed else {}
