"""Job of segments: the tips of everybody are counted, so that previews of segments answer at once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from mall.db import Login, run_tx
from mall.jobs import job
from points.segments.tip_counts import EVERY, keep_tip_counts


@job("tip-counts", every=EVERY, aside=True)
def count_tips(now: datetime) -> dict[str, int]:
    """Count everybody's tips of the window, in a mall with many."""

    def work(tx: Session) -> int:
        tx.execute(text("SET LOCAL statement_timeout = '10min'"))  # nobody waits for it
        return keep_tip_counts(tx, now)

    members = run_tx(Login.EARNING, work)
    return {"members": members} if members else {}
