"""Caps at their edge under threads, and returns that diminish within a day."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mall.db
from points.earning.documents import DocumentInvalid, read_document

DAY = timedelta(days=1)
HALVES = {"per": "day", "factors": ["1", "0.5", "0.25"], "then": "0"}
TIP = {
    "event": "tip.outcome",
    "points": {"base": {"by": "stage", "equal": {"received": 2, "adopted": 20, "solved": 100, "rejected": 0}}},
    "visibility": "confidential",
}


def activity(mall, name, at=None, **more):
    return mall.event(name, "activity.attended", at or mall.noon, subject=name, **more)


@pytest.fixture
def no_second_try(monkeypatch):
    """A deadlock would be retried and go unnoticed: here it is an error."""
    monkeypatch.setattr(mall.db, "MAX_ATTEMPTS", 1)


@pytest.mark.parametrize(("unit", "limit", "paid"), [("points", 105, 105), ("times", 7, 70)])
def test_fifty_events_of_one_member_at_the_edge_of_a_cap_are_never_one_point_over(
    mall, simple, at_once, no_second_try, unit, limit, paid
):
    cap = {"per": "member", "period": "day", "unit": unit, "limit": limit}
    mall.publish("activity-attended", simple.fixed(10, caps=[cap]))
    mall.book(mall.event("known", "points.credit", points=1, label="bonus"))
    results = at_once([lambda i=i: mall.points(activity(mall, f"a{i}")) for i in range(50)])
    assert [one for one in results if isinstance(one, Exception)] == []
    assert sum(one[0] for one in results) == paid
    assert mall.balance().available == paid + 1


def test_many_members_at_global_caps_of_several_rules_are_exact_and_never_deadlock(
    mall, simple, at_once, no_second_try
):
    def caps(limit):
        periods = ("hour", "day", "week", "month", "total")
        return [{"per": "all", "period": period, "unit": "points", "limit": limit} for period in periods]

    mall.publish("activity-attended", simple.fixed(10, caps=caps(105)))
    mall.publish("attended-more", simple.fixed(7, caps=caps(50)))
    mall.book(*[mall.event(f"k{i}", "member.login", member=f"u-{i}") for i in range(10)])
    works = []
    for i in range(25):
        # Each batch meets a day nobody has met yet, beside a shared one: counters opened and counters waited for.
        days = [mall.noon, mall.noon - DAY * (i % 5), mall.noon - DAY * 31 * (i % 3)]
        events = [activity(mall, f"a{i}-{j}", at, member=f"u-{(i * j) % 10}") for j, at in enumerate(days)]
        works.append(lambda events=events if i % 2 else events[::-1]: mall.points(*events))
    results = at_once(works)
    assert [one for one in results if isinstance(one, Exception)] == []
    assert sum(sum(one) for one in results) == 155
    assert sum(mall.balance(f"u-{i}").available for i in range(10)) == 165


def test_the_second_award_of_a_day_pays_half_and_says_so(mall, simple):
    mall.publish("activity-attended", simple.fixed(10, diminishing=HALVES))
    outcomes = mall.book(*[activity(mall, name) for name in "abcd"])
    assert [one.body["points"] for one in outcomes] == [10, 5, 3, 0]
    assert outcomes[0].body["awards"][0]["explanation"] == ["each time: 10"]
    assert outcomes[1].body["awards"][0]["explanation"] == ["each time: 10", "award 2 of the day: × 0.5"]
    assert (outcomes[3].body["status"], outcomes[3].body["reason"]) == ("no_award", "cap_reached")
    assert mall.points(activity(mall, "e", member="u-2"), activity(mall, "f", mall.noon - DAY)) == [10, 10]


def test_a_regraded_case_keeps_its_number_and_a_reversed_one_frees_it(mall):
    mall.publish("tip-outcome", {**TIP, "diminishing": HALVES})
    hour = timedelta(hours=1)
    first, second = mall.tip("a", "adopted", mall.noon - hour), mall.tip("b", "adopted", mall.noon - hour, case="t2")
    assert mall.points(first, second) == [20, 10]
    assert mall.points(mall.tip("c", "solved"), mall.tip("d", "solved", case="t2")) == [80, 40]
    assert mall.points(mall.tip("e", "rejected", mall.noon + timedelta(minutes=1))) == [-100]
    assert mall.points(mall.tip("f", "adopted", case="t3")) == [10]
    assert mall.balance().available == 60


def test_a_cap_cuts_what_diminishing_returns_have_left(mall, simple):
    cap = {"per": "member", "period": "day", "unit": "points", "limit": 13}
    mall.publish("activity-attended", simple.fixed(10, diminishing=HALVES, caps=[cap]))
    outcomes = mall.book(*[activity(mall, name) for name in "abc"])
    assert [one.body["points"] for one in outcomes] == [10, 3, 0]
    assert outcomes[1].body["awards"][0]["explanation"] == [
        "each time: 10", "award 2 of the day: × 0.5", "at most 13 points per day: 3",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("part", "path"),
    [
        ({"factors": []}, "diminishing.factors"),
        ({"factors": ["1.5"]}, "diminishing.factors.0"),
        ({"factors": ["1"], "then": -1}, "diminishing.then"),
        ({"factors": ["1"], "per": "total"}, "diminishing.per"),
        ({"factors": ["1"], "more": 1}, "diminishing.more"),
        ([], "diminishing"),
    ],
)
def test_a_bad_part_diminishing_is_refused_by_its_path(simple, part, path):
    with pytest.raises(DocumentInvalid) as refused:
        read_document(simple.fixed(10, diminishing=part))
    assert list(refused.value.errors) == [path]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    stages=st.lists(st.tuples(st.integers(0, 3), st.sampled_from(sorted(TIP["points"]["base"]["equal"]))), max_size=9)
)
def test_each_case_is_granted_its_number_times_its_worth_within_the_cap(mall, stages):
    """Against a model in a few lines: four cases of one day, in any order of stages."""
    cap = {"per": "member", "period": "day", "unit": "points", "limit": 90}
    mall.publish("tip-outcome", {**TIP, "diminishing": {"factors": ["1", "0.5"], "then": "0.25"}, "caps": [cap]})
    test_each_case_is_granted_its_number_times_its_worth_within_the_cap.runs += 1
    member = f"p-{test_each_case_is_granted_its_number_times_its_worth_within_the_cap.runs}"
    granted: dict[int, int] = {}
    numbers: dict[int, int] = {}
    for place, (case, stage) in enumerate(stages):
        event = mall.tip(
            f"{member}/{place}", stage, mall.noon + timedelta(seconds=place), member=member, case=f"{member}-{case}"
        )
        before = granted.pop(case, 0)
        number = numbers.pop(case, 0) or len(numbers) + 1
        factor = [Decimal(1), Decimal("0.5"), Decimal("0.25")][min(number, 3) - 1]
        worth = int(TIP["points"]["base"]["equal"][stage] * factor + Decimal("0.5"))
        grant = min(worth, 90 - sum(granted.values()))
        if grant:
            granted[case], numbers[case] = grant, number
        assert mall.points(event) == [grant - before]
    if stages:
        assert mall.balance(member).available == sum(granted.values()) <= 90


test_each_case_is_granted_its_number_times_its_worth_within_the_cap.runs = 0
