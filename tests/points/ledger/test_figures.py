"""What /metrics tells of the ledger."""

from __future__ import annotations

from sqlalchemy import text

from mall.db import Login
from points.ledger.figures import postings
from tests.points.ledger.desk import Desk


def test_the_figure_counts_postings(desk: Desk) -> None:
    assert desk.run(Login.EARNING, postings) == 0
    desk.credit("mem_a", 100)
    desk.hold("mem_a", 40)
    desk.credit("mem_b", 7)
    assert desk.run(Login.OWNER, lambda tx: tx.execute(text("SELECT count(*) FROM ledger.postings")).scalar_one()) == 3
    assert desk.run(Login.EARNING, postings) == 3
