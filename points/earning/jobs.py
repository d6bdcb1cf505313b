"""Jobs of earning: debits whose time to answer is over are taken, what rules have granted is added up."""

from __future__ import annotations

from datetime import datetime, timedelta

from mall.db import Login, run_tx
from mall.errors import Conflict
from mall.jobs import job
from points.earning.appeals import due_debits, take
from points.earning.book_events import mall_zone
from points.earning.rule_costs import keep_costs

DEBITS_PER_RUN = 500


@job("take-debits", every=timedelta(minutes=15))
def take_debits(now: datetime) -> dict[str, int]:
    """Take announced debits that are due, each in a transaction of its own."""
    taken = 0
    for debit_id in run_tx(Login.EARNING, lambda tx: due_debits(tx, now, DEBITS_PER_RUN)):
        try:
            run_tx(Login.EARNING, lambda tx, debit_id=debit_id: take(tx, debit_id, now, None))  # type: ignore[misc]
        except Conflict:  # decided meanwhile
            continue
        taken += 1
    return {"debits": taken}


@job("rule-costs", every=timedelta(minutes=15), aside=True)
def add_up_costs(now: datetime) -> dict[str, int]:
    """Add up what each rule has granted in the quarters of an hour that are over."""
    days = keep_costs(now, mall_zone())
    return {"days": days} if days else {}
