"""Property: whatever history was booked, replaying it under the published rules gives what the ledger holds."""

from __future__ import annotations

import copy
import itertools
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from mall.db import Login, cursor
from points.backtest.compute import replay_both, wanted_history
from points.backtest.history import count, ops
from points.backtest.outcome import Totals
from points.backtest.replay import Side
from points.earning.book_events import mall_zone
from points.earning.defaults import DEFAULT_RULES
from points.earning.documents import read_document
from points.earning.evaluate import RuleVersion, evaluate
from points.earning.event_types import Facts
from points.earning.rules import rule_set

NUMBERS = itertools.count()
ZONE = ZoneInfo("Asia/Shanghai")
TIP = DEFAULT_RULES["tip-outcome"]
STAGES = ("received", "adopted", "solved", "rejected", "overturned", "malicious")
FAR = datetime(2100, 1, 1, tzinfo=UTC)
BIRTH = datetime(1970, 1, 1, tzinfo=UTC)


def _tip(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(TIP), **changes}


def _cap(**changes: Any) -> dict[str, Any]:
    return {"per": "member", "period": "day", "unit": "points", "limit": 150, **changes}


RULES: dict[str, list[tuple[str, dict[str, Any], timedelta | None]]] = {
    "the charter": [],
    "a cap per member": [("tip-outcome", _tip(caps=[_cap()]), None)],
    "a cap in times": [("tip-outcome", _tip(caps=[_cap(period="week", unit="times", limit=3)]), None)],
    "a cap for all": [("tip-outcome", _tip(caps=[_cap(per="all", period="month", limit=700), _cap()]), None)],
    "diminishing": [
        ("tip-outcome", _tip(diminishing={"per": "day", "factors": ["1", "0.5", "0.25"]}), None),
    ],
    "a change midway": [("tip-outcome", _tip(caps=[_cap(limit=90)]), timedelta(hours=-40))],
    "the best of a group": [
        ("tip-outcome", _tip(stacking={"mode": "best", "group": "g"}), None),
        (
            "extra",
            _tip(stacking={"mode": "best", "group": "g"}, condition="grade >= 3", points={"base": {"fixed": 90}}),
            None,
        ),
        ("more", _tip(condition="weekday > 5", points={"base": {"fixed": "2.5"}}, caps=[_cap(limit=7)]), None),
    ],
}

events = st.lists(
    st.tuples(
        st.sampled_from(STAGES), st.integers(0, 5), st.sampled_from([30, 50, 100]), st.integers(0, 100),
        st.integers(0, 2), st.integers(0, 2), st.booleans(), st.integers(0, 5),
    ),
    min_size=1, max_size=12,
)  # fmt: skip
"""Stage, grade, share, hours before now, member, case, whether the batch ends here, a reversal when 0."""


@pytest.mark.parametrize("rules", RULES)
def test_a_replay_under_the_published_rules_is_what_the_ledger_holds(mall, run, rules, pytestconfig):
    for key, document, since in RULES[rules]:
        mall.publish(key, document, None if since is None else mall.noon + since)

    @settings(
        max_examples=pytestconfig.getoption("--replay-runs"),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
    @given(history=events)
    def lives(history):
        _book(mall, history)
        held = run(Login.EARNING, _held)
        for by_member in (True, False):
            replayed = run(Login.EARNING, lambda tx, by=by_member: _replayed(tx, by))
            if by_member and rules == "a cap for all":
                continue  # the order across members matters
            assert {member: after for member, (_, after) in replayed.items()} == held

    lives()


def _book(mall: Any, history: Any) -> None:
    number = next(NUMBERS)
    batch: list[Any] = []
    sent: list[str] = []
    moment = mall.noon + timedelta(seconds=number)
    for place, (stage, grade, share, hours, who, which, ends, undone) in enumerate(history):
        name = f"h-{number}/{place}"
        at = mall.noon - timedelta(hours=hours)
        member, case = f"h-{number}-{who}", f"case-{number}-{which}"
        batch.append(mall.tip(name, stage, at, grade=grade, share=share, member=member, case=case))
        sent.append(name)
        if ends or place == len(history) - 1:
            assert all(outcome.error is None for outcome in mall.book(*batch, now=moment))
            batch.clear()
            if undone == 0:
                mall.reverse(sent[grade % len(sent)], now=moment)


def _held(tx: Any) -> dict[str, int]:
    query = text(
        "SELECT w.member_id, w.issued - w.reversed FROM ledger.wallets w "
        "WHERE EXISTS (SELECT 1 FROM sources.credit_events e WHERE e.member_id = w.member_id)"
    )
    return {member: int(points) for member, points in tx.execute(query)}


def _replayed(tx: Any, by_member: bool) -> dict[str, tuple[int, int]]:
    published, zone = rule_set(cursor(tx)), mall_zone()
    wanted = wanted_history(published.of_type("tip.outcome"), "tip.outcome", BIRTH, FAR)
    wanted = type(wanted)(wanted.event_type, wanted.since, wanted.until, wanted.whole, by_member)
    sides = tuple(Side(published, "tip.outcome", "tip-outcome", zone, FAR) for _ in range(2))
    totals = Totals()
    found = replay_both(ops(tx, wanted), sides, totals, BIRTH, by_member=by_member)
    assert found.before == found.after == sum(after for _, after in totals.by_member().values())
    assert count(cursor(tx), wanted) >= found.events
    return totals.by_member()


documents = st.sampled_from([TIP, _tip(condition="grade > 2"), _tip(points={"base": {"fixed": "3.5"}})])


@given(
    rules=st.lists(documents, min_size=1, max_size=6),
    stage=st.sampled_from(STAGES),
    grade=st.integers(0, 5),
    share=st.integers(1, 100),
    hours=st.integers(0, 10_000),
    order=st.randoms(),
)
def test_evaluate_is_pure_and_deterministic(rules, stage, grade, share, hours, order):
    versions = [RuleVersion(f"rule-{place}", 1, read_document(document)) for place, document in enumerate(rules)]
    values = {"stage": stage, "grade": grade, "share": share}
    facts = Facts("tip.outcome", datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours), values)
    first = evaluate(versions, facts, ZONE)
    assert evaluate(versions, facts, ZONE) == first
    assert values == {"stage": stage, "grade": grade, "share": share}
    order.shuffle(versions)
    assert sorted(evaluate(versions, facts, ZONE), key=lambda one: one.rule.key) == first
