"""How far a rule takes points back: what still waits, what can be spent, or into debt."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mall.db import Login
from points.earning.documents import DocumentInvalid, read_document
from points.ledger.books import open_books

NUMBERS = itertools.count()
WORTH = {"received": 2, "adopted": 20, "solved": 100, "overturned": 0, "malicious": -50}
RULE = {"event": "tip.outcome", "points": {"base": {"by": "stage", "equal": WORTH}}, "visibility": "confidential"}


def spend(mall, points, member="u-1"):
    member_id = mall.member_id(member)

    def work(tx):
        with open_books(tx, [member_id], mall.noon) as books:
            books[member_id].hold(points, hold_id=f"h{next(NUMBERS)}")

    mall.run(Login.EARNING, work)


def at(mall, seconds):
    return mall.noon + timedelta(seconds=seconds)


def figures(mall, member="u-1"):
    found = mall.balance(member)
    return found.available, found.pending, found.debt


def test_by_default_all_is_taken_back_into_debt(mall):
    mall.publish("tip-outcome", RULE)
    mall.book(mall.tip("a", "solved"))
    spend(mall, 70)
    assert mall.points(mall.tip("b", "malicious", at(mall, 1))) == [-150]
    assert figures(mall) == (0, 0, 120)


def test_within_balance_what_was_spent_stays_and_no_debt_arises(mall):
    mall.publish("tip-outcome", {**RULE, "clawback": "within_balance"})
    mall.book(mall.tip("a", "solved"))
    spend(mall, 70)
    (taken,) = mall.book(mall.tip("b", "malicious", at(mall, 1)))
    assert (taken.body["points"], taken.body["awards"][0]["points"]) == (-30, 70)
    assert taken.body["awards"][0]["explanation"] == ["stage malicious: -50", "not all can be taken back: 70"]
    assert figures(mall) == (0, 0, 0)
    mall.book(mall.event("x", "member.login"))
    assert mall.points(mall.tip("c", "overturned", at(mall, 2))) == [-1]
    assert mall.points(mall.tip("d", "solved", at(mall, 3))) == [31]
    assert figures(mall) == (31, 0, 0)


def test_pending_only_takes_what_waits_and_leaves_what_can_be_spent(mall):
    pending = {**RULE, "pending": {"kind": "days", "days": 7}, "clawback": "pending_only"}
    mall.publish("tip-outcome", pending)
    mall.book(mall.tip("a", "solved"), mall.event("l", "member.login"))
    assert mall.points(mall.tip("b", "overturned", at(mall, 1))) == [-100]
    assert figures(mall) == (1, 0, 0)
    mall.book(mall.tip("c", "adopted", case="t2"))
    later = mall.noon + timedelta(days=8)
    assert mall.points(mall.tip("d", "malicious", later, case="t2"), now=later) == [0]
    assert mall.balance(now=later).available == 21


def test_an_error_in_good_faith_and_malice_can_differ(mall):
    mall.publish("tip-outcome", {**RULE, "clawback": {"good_faith": "pending_only"}})
    mall.book(mall.tip("a", "solved"))
    assert mall.points(mall.tip("b", "overturned", at(mall, 1))) == [0]
    assert mall.points(mall.tip("c", "malicious", at(mall, 2))) == [-150]
    assert figures(mall) == (0, 0, 50)
    mall.book(mall.tip("d", "solved", case="t2"))
    assert mall.reverse("d").body["points"] == 0
    assert figures(mall) == (50, 0, 0)


def test_what_stays_goes_on_counting_under_the_cap(mall):
    cap = {"per": "member", "period": "total", "unit": "points", "limit": 120}
    mall.publish("tip-outcome", {**RULE, "clawback": "pending_only", "caps": [cap]})
    assert mall.points(mall.tip("a", "solved"), mall.tip("b", "overturned", at(mall, 1))) == [100, 0]
    assert mall.points(mall.tip("c", "solved", case="t2")) == [20]
    assert mall.points(mall.tip("d", "solved", at(mall, 2))) == [0]


@pytest.mark.parametrize(
    ("part", "path"),
    [("never", "clawback"), ({"malice": "x"}, "clawback.malice"), ({"other": 1}, "clawback.other"), (5, "clawback")],
)
def test_a_bad_part_is_refused_by_its_path(part, path):
    with pytest.raises(DocumentInvalid) as refused:
        read_document({**RULE, "clawback": part})
    assert list(refused.value.errors) == [path]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    steps=st.lists(st.tuples(st.integers(0, 2), st.sampled_from(sorted(WORTH)), st.integers(0, 40)), max_size=8),
    reach=st.sampled_from(["pending_only", "within_balance"]),
)
def test_whatever_happens_no_debt_arises_and_awards_add_up_to_the_book(mall, steps, reach):
    mall.publish("tip-outcome", {**RULE, "clawback": reach})
    member, total, spent = f"p{next(NUMBERS)}", 0, 0
    for place, (case, stage, cost) in enumerate(steps):
        tip = mall.tip(f"{member}/{place}", stage, at(mall, place), case=f"{member}-{case}", member=member)
        (change,) = mall.points(tip)
        assert not (reach == "pending_only" and change < 0)
        total += change
        available, pending, debt = figures(mall, member)
        assert (available + spent, pending, debt) == (total, 0, 0)
        if 0 < cost <= available:
            spend(mall, cost, member)
            spent += cost
