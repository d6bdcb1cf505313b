"""Events carry the order in which they were booked."""

from __future__ import annotations

from sqlalchemy import text

from mall.db import Login


def test_a_batch_is_numbered_in_its_own_order_and_a_reversal_after_it(mall, run):
    names = [f"e-{place}" for place in (5, 3, 9, 1, 7)]
    mall.book(*(mall.tip(name, "adopted", case=name, grade=place) for place, name in enumerate(names)))
    mall.book(mall.tip("later", "adopted", case="later", grade=5))
    mall.reverse("e-9")
    query = text("SELECT facts ->> 'grade', seq, reversal_seq FROM sources.credit_events ORDER BY seq")
    rows = run(Login.EARNING, lambda tx: tx.execute(query).all())
    assert [int(grade) for grade, _seq, _reversal in rows] == [0, 1, 2, 3, 4, 5]
    assert [reversal is not None for _grade, _seq, reversal in rows] == [False, False, True, False, False, False]
    assert rows[2][2] > rows[5][1]
