"""The job behind merged accounts."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from mall.db import Login, run_tx
from mall.jobs import job
from points.merging.carry import AT_ONCE, carry_points, carry_presence, carry_standing, left_behind
from points.merging.days import carry_days


@job("merged-accounts", every=timedelta(minutes=1))
def follow_merges(now: datetime) -> dict[str, int]:
    """Carry over what came to merged accounts since: points given back by orders, late credits, standing."""
    points, after = 0, ""
    while True:
        found = run_tx(Login.EARNING, lambda tx, after=after: left_behind(tx, after))  # type: ignore[misc]
        for source_id, target_id in found:

            def work(tx: Session, source_id: str = source_id, target_id: str = target_id) -> int:
                return carry_points(tx, source_id, target_id, now)

            points += run_tx(Login.EARNING, work)
        if len(found) < AT_ONCE:
            break
        after = found[-1][0]
    standings = run_tx(Login.EARNING, carry_standing)
    run_tx(Login.EARNING, carry_presence)
    while run_tx(Login.EARNING, carry_days):
        pass
    return {"points": points, "standings": standings} if points or standings else {}
