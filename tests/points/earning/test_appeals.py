"""Debits that malice brings later: announced, answered, taken, waived or overtaken by a later stage."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from mall import outbox
from mall.db import Login
from mall.errors import Conflict, NotFound
from points.earning.appeals import answer, answer_of, due_debits, own_debits, take, uphold, waive
from points.earning.versions import By

DAY = timedelta(days=1)
WORTH = {"received": 2, "adopted": 20, "solved": 100, "overturned": 0, "malicious": -50}
RULE = {
    "event": "tip.outcome", "points": {"base": {"by": "stage", "equal": WORTH}}, "visibility": "confidential",
    "clawback": {"appeal_days": 7},
}  # fmt: skip


class Bench:
    """A member whose solved tip turns out malicious."""

    def __init__(self, mall):
        self.mall = mall
        mall.publish("tip-outcome", RULE)
        mall.book(mall.tip("a", "solved"))
        self.malicious = mall.book(mall.tip("b", "malicious", mall.noon + DAY), now=mall.noon + DAY)[0].body

    def run(self, work):
        return self.mall.run(Login.EARNING, work)

    def debits(self):
        member = self.mall.member_id()
        return [(one.points, one.state) for one in self.run(lambda tx: own_debits(tx, member))]

    def debit(self):
        member = self.mall.member_id()
        return self.run(lambda tx: own_debits(tx, member)[0].id)

    def figures(self):
        found = self.mall.balance(now=self.mall.noon + DAY)
        return found.available, found.debt

    def due(self, days):
        return list(self.run(lambda tx: due_debits(tx, self.mall.noon + DAY * days, 10)))

    def take(self):
        debit = self.debit()
        return self.run(lambda tx: take(tx, debit, self.mall.noon + DAY * 8, None).state)

    def by(self):
        return By("staff:stf_1", owner=False, now=self.mall.noon + DAY * 2)


@pytest.fixture
def bench(mall):
    """The malicious stage is booked and its debit announced."""
    return Bench(mall)


def test_the_debit_is_announced_and_nothing_is_taken_yet(bench):
    assert (bench.malicious["points"], bench.figures(), bench.debits()) == (0, (100, 0), [(150, "open")])
    assert bench.malicious["awards"][0]["explanation"][-1] == "takes effect after 7 days, unless staff decide otherwise"
    told = text("SELECT payload ->> 'member' FROM outbox_messages WHERE topic = 'debit.announced'")
    assert list(bench.mall.run(Login.OWNER, lambda tx: tx.scalars(told))) == [bench.mall.member_id()]
    bench.mall.run(Login.BACKOFFICE, lambda tx: outbox._deliver_one(tx, bench.mall.noon + DAY))
    notice = text("SELECT kind, detail::text FROM notifications")
    assert bench.mall.run(Login.OWNER, lambda tx: tx.execute(notice).all()) == [("points.debit_announced", "{}")]


def test_after_its_days_the_debit_is_taken_once(bench):
    assert (bench.due(7.9), bench.due(8)) == ([], [bench.debit()])
    assert (bench.take(), bench.figures()) == ("taken", (0, 50))
    with pytest.raises(Conflict):
        bench.take()
    assert (bench.figures(), bench.debits(), bench.due(9)) == ((0, 50), [(150, "taken")], [])
    assert bench.mall.reverse("b", bench.mall.noon + DAY * 9).body["points"] == 150


def test_an_answered_debit_waits_for_staff_who_can_waive_it(bench):
    member, debit = bench.mall.member_id(), bench.debit()
    with pytest.raises(NotFound):
        bench.run(lambda tx: answer(tx, "mem_other", debit, "x", bench.mall.noon))
    bench.run(lambda tx: answer(tx, member, debit, "It was the neighbour", bench.mall.noon + DAY))
    with pytest.raises(Conflict):
        bench.run(lambda tx: answer(tx, member, debit, "again", bench.mall.noon + DAY))
    assert bench.run(lambda tx: answer_of(own_debits(tx, member)[0])) == "It was the neighbour"
    stored = text("SELECT position('neighbour' IN encode(answer_box, 'escape')) FROM sources.announced_debits")
    assert bench.run(lambda tx: tx.execute(stored).scalar()) == 0
    assert bench.due(30) == []
    assert bench.run(lambda tx: waive(tx, debit, "not malice", bench.by()).state) == "waived"
    assert (bench.figures(), bench.debits()) == ((100, 0), [(150, "waived")])
    with pytest.raises(Conflict):
        bench.run(lambda tx: uphold(tx, debit, "x", bench.by()))


def test_staff_can_uphold_it_before_its_day(bench):
    debit = bench.debit()
    assert bench.run(lambda tx: uphold(tx, debit, "clear", bench.by()).decided_by) == "staff:stf_1"
    assert bench.figures() == (0, 50)


def test_a_later_stage_or_a_reversal_lets_it_lapse(bench):
    mall = bench.mall
    assert mall.points(mall.tip("c", "adopted", mall.noon + DAY * 2), now=mall.noon + DAY * 2) == [-80]
    assert (bench.debits(), bench.due(30)) == ([(150, "lapsed")], [])
    (again,) = mall.book(mall.tip("d", "malicious", mall.noon + DAY * 3), now=mall.noon + DAY * 3)
    assert (again.body["points"], bench.debits()) == (0, [(70, "open"), (150, "lapsed")])
    assert mall.reverse("d", mall.noon + DAY * 4).body["points"] == 0
    assert bench.debits() == [(70, "lapsed"), (150, "lapsed")]
    assert bench.figures() == (20, 0)


def test_a_second_malicious_stage_keeps_the_first_day(bench):
    mall = bench.mall
    mall.book(mall.tip("c", "malicious", mall.noon + DAY * 5), now=mall.noon + DAY * 5)
    assert (bench.debits(), len(bench.due(8))) == ([(150, "open")], 1)


def test_without_days_malice_bites_at_once_and_nothing_is_announced(mall):
    mall.book(mall.tip("a", "solved"), mall.tip("b", "malicious", mall.noon + timedelta(seconds=1)))
    assert mall.balance().debt == 50
    count = text("SELECT count(*) FROM sources.announced_debits")
    assert mall.run(Login.EARNING, lambda tx: tx.execute(count).scalar()) == 0
