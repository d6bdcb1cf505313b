"""Budgets: never a point over, stopped or waiting at 100 %, told once at 80 %, and a forecast."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from mall import db, outbox
from mall.db import Login
from points.earning.budget_keeping import budget, lift_budget, set_budget
from points.earning.budgets import pace, runs_out_on
from points.earning.versions import By

DAY = timedelta(days=1)
NUMBERS = itertools.count()


def limit(mall, points, action="stop", scope="programme", period="month", now=None):
    by = By("staff:test", owner=True, now=now or mall.noon)
    return mall.run(Login.EARNING, lambda tx: set_budget(tx, scope, period, points, action, by).used)


def look(mall, scope="programme", now=None):
    return mall.run(Login.EARNING, lambda tx: budget(tx, scope, now or mall.noon))


def warnings(mall):
    return mall.run(Login.OWNER, lambda tx: list(tx.scalars(text(
        "SELECT payload ->> 'used_points' FROM outbox_messages WHERE topic = 'budget.warned' ORDER BY id"
    ))))  # fmt: skip


def activity(mall, name, **more):
    return mall.event(name, "activity.attended", subject=name, **more)


def test_a_budget_that_stops_grants_what_is_left_and_says_so(mall):
    assert limit(mall, 45) == 0
    first, second, third = mall.book(*[mall.tip(f"t{i}", "adopted", case=f"c{i}") for i in range(3)])
    assert [one.body["points"] for one in (first, second, third)] == [20, 20, 5]
    assert third.body["awards"][0]["explanation"] == ["stage adopted: 20", "the budget leaves 5"]
    (none,) = mall.book(mall.event("l", "member.login"))
    assert (none.body["status"], none.body["points"], none.body["reason"]) == ("no_award", 0, "cap_reached")
    assert mall.points(mall.tip("r", "rejected", case="c0")) == [-20]
    assert mall.points(activity(mall, "a")) == [10]
    assert look(mall).used == 35 + 0


def test_a_budget_that_pends_lets_awards_wait(mall):
    limit(mall, 25, "pend", "tip-outcome")
    first, second = mall.book(*[mall.tip(f"t{i}", "adopted", case=f"c{i}") for i in range(2)])
    assert (first.body["status"], second.body["status"], second.body["points"]) == ("booked", "pending", 20)
    assert second.body["awards"][0]["available_at"] is None
    assert second.body["awards"][0]["explanation"][-1] == "the budget is used up: waits to be confirmed"
    assert mall.points(activity(mall, "a")) == [10]
    assert (mall.balance().available, mall.balance().pending, look(mall, "tip-outcome").used) == (30, 20, 40)
    (raised,) = mall.book(mall.tip("t2", "solved", case="c0", at=mall.noon + timedelta(minutes=1)))
    assert (raised.body["status"], raised.body["points"]) == ("pending", 80)
    assert (mall.balance().available, mall.balance().pending) == (30, 100)


def test_the_budget_of_a_rule_and_of_the_programme_both_count(mall):
    limit(mall, 30, scope="tip-outcome")
    limit(mall, 35)
    assert mall.points(mall.tip("a", "adopted"), mall.tip("b", "adopted", case="t2"), activity(mall, "c")) == [
        20,
        10,
        5,
    ]
    assert (look(mall, "tip-outcome").used, look(mall).used) == (30, 35)


def test_a_month_begins_anew_and_a_budget_set_late_counts_what_was_paid(mall):
    assert mall.points(mall.tip("a", "solved"), activity(mall, "x")) == [100, 10]
    assert mall.points(mall.tip("b", "adopted", at=mall.noon + timedelta(seconds=1))) == [-80]
    assert (limit(mall, 40), limit(mall, 25, scope="tip-outcome", period="total")) == (30, 20)
    assert mall.points(mall.tip("c", "adopted", case="t2")) == [5]
    later = mall.noon + DAY * 10
    assert mall.points(activity(mall, "y", at=later), now=later) == [10]
    assert mall.points(mall.tip("d", "adopted", at=later, case="t3"), now=later) == [0]
    assert (look(mall, now=later).used, look(mall, "tip-outcome", now=later).used) == (10, 25)


def test_what_a_budget_cut_is_not_counted_under_the_caps_of_the_rule(mall, simple):
    cap = {"per": "member", "period": "total", "unit": "points", "limit": 20}
    mall.publish("activity-attended", simple.fixed(10, caps=[cap]))
    limit(mall, 12)
    assert mall.points(*[activity(mall, name) for name in "abc"]) == [10, 2, 0]
    limit(mall, 1000)
    assert mall.points(*[activity(mall, name) for name in "defg"]) == [8, 0, 0, 0]


def test_claim_codes_were_promised_and_are_paid_but_counted(mall):
    from points.earning.claim_codes import CLAIMS

    limit(mall, 10)
    mall.book(activity(mall, "a"))
    event = mall.event("claim", "points.credit", points=7, label="bonus", member=mall.member_id())
    assert mall.points(event, source=CLAIMS) == [7]
    assert look(mall).used == 17


def test_staff_are_told_once_at_eighty_percent(mall):
    limit(mall, 100)
    mall.book(*[activity(mall, f"a{i}") for i in range(7)])
    assert (warnings(mall), look(mall).warned) == ([], False)
    mall.book(activity(mall, "a7"))
    mall.book(activity(mall, "a8"))
    assert (warnings(mall), look(mall).warned) == (["80"], True)
    mall.run(Login.BACKOFFICE, lambda tx: outbox._deliver_one(tx, mall.noon))
    trail = text("SELECT action, detail ->> 'limit_points' FROM audit_entries WHERE actor = 'system'")
    assert mall.run(Login.OWNER, lambda tx: tx.execute(trail).all()) == [("budget.warned", "100")]


def test_a_budget_that_is_lifted_limits_nothing(mall):
    limit(mall, 5)
    assert mall.points(activity(mall, "a")) == [5]
    by = By("staff:test", owner=True, now=mall.noon)
    mall.run(Login.EARNING, lambda tx: lift_budget(tx, "programme", by))
    assert mall.points(activity(mall, "b")) == [10]


def test_a_budget_is_exact_when_fifty_batches_come_at_once(mall, at_once, monkeypatch):
    limit(mall, 505)
    limit(mall, 303, scope="activity-attended", period="total")
    mall.book(*[mall.event(f"k{i}", "points.credit", points=1, label="bonus", member=f"u-{i}") for i in range(10)])
    monkeypatch.setattr(db, "MAX_ATTEMPTS", 1)  # a deadlock would be retried and go unnoticed

    def works():
        for i in range(50):
            yield lambda i=i: mall.points(
                activity(mall, f"a{i}", member=f"u-{i % 10}"),
                mall.tip(f"t{i}", "adopted", case=f"c{i}", member=f"u-{(i * 7) % 10}"),
            )  # fmt: skip

    results = at_once(list(works()))
    assert [one for one in results if isinstance(one, Exception)] == []
    assert sum(sum(one) for one in results) == 495
    assert sum(one[0] for one in results) <= 303
    assert sum(mall.balance(f"u-{i}").available for i in range(10)) == 505
    assert len(warnings(mall)) in (1, 2)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    steps=st.lists(
        st.tuples(st.integers(0, 3), st.sampled_from(["received", "adopted", "solved", "malicious"])), max_size=10
    ),
    most=st.integers(0, 250),
    action=st.sampled_from(["stop", "pend"]),
)  # fmt: skip
def test_a_budget_counts_what_the_ledger_holds_and_no_grant_passes_a_stop(mall, steps, most, action):
    run = f"p{next(NUMBERS)}"
    used = limit(mall, max(0, limit(mall, 0) + most), action)
    for place, (case, stage) in enumerate(steps):
        at = mall.noon + timedelta(seconds=place)
        (change,) = mall.points(mall.tip(f"{run}/{place}", stage, at, case=f"{run}-{case}", member=run))
        before, used = used, look(mall).used
        assert used - before == change
        if action == "stop" and change > 0:
            assert used <= look(mall).budget.limit_points
    assert limit(mall, most, action) == used  # counted anew from the ledger it is the same
    mall.run(Login.EARNING, lambda tx: lift_budget(tx, "programme", By("t", owner=True, now=mall.noon)))


@pytest.mark.parametrize(
    ("used", "speed", "period", "day"),
    [
        (0, "10", "total", date(2026, 12, 3)),
        (95, "10", "total", date(2026, 11, 24)),
        (0, "10", "month", None),
        (60, "10", "month", date(2026, 11, 27)),
        (100, "10", "month", date(2026, 11, 23)),
        (0, "0", "total", None),
        (0, "-5", "total", None),
        (0, "0.000001", "total", None),
    ],
)
def test_the_day_a_budget_runs_out(used, speed, period, day):
    assert runs_out_on(100, used, Decimal(speed), date(2026, 11, 23), period) == day


def test_the_pace_is_of_the_last_four_weeks_or_since_the_first_points():
    today = date(2026, 11, 23)
    assert pace({}, today) == 0
    assert pace({today: 30, today - DAY * 2: 30, today - DAY: 0}, today) == 20
    assert pace({today - DAY * 27: 28, today - DAY * 28: 1000}, today) == 1
