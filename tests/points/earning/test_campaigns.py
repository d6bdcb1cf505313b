"""Campaigns and facts about members: who is paid more, when, and what stays right afterwards."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from mall.db import Login, cursor
from points.earning.campaigns import read_campaign
from points.earning.documents import DocumentInvalid
from points.earning.rules import rules_changed

DAY = timedelta(days=1)
WEEKEND = {"name": {"zh": "周末", "en": "Weekend"}, "factor": "2", "active": {"weekdays": [6, 7]}}
ALWAYS = {"name": {"en": "Always"}, "factor": "1.5"}


def run_campaign(mall, key, document, since=None, until=None):
    """A campaign as if it had been published at ``since`` (long ago by default)."""

    def write(tx):
        tx.execute(
            text(
                "INSERT INTO campaigns VALUES (:key, CAST(:document AS jsonb), 'published', :since, :until, 't', now())"
            ),
            {"key": key, "document": json.dumps(document), "since": since, "until": until},
        )
        rules_changed(cursor(tx))

    mall.run(Login.OWNER, write)


def explanation(outcome):
    return outcome.body["awards"][0]["explanation"]


def test_a_weekend_campaign_doubles_what_happens_on_a_weekend(mall):
    run_campaign(mall, "weekend", WEEKEND)
    sunday = mall.noon - DAY
    first, second = mall.book(mall.tip("a", "solved", sunday, grade=1), mall.tip("b", "solved", case="t2", grade=1))
    assert (first.body["points"], second.body["points"]) == (240, 120)
    assert explanation(first) == ["stage solved: 100", "grade 1: × 1.2", "campaign Weekend: × 2"]
    assert explanation(second) == ["stage solved: 100", "grade 1: × 1.2"]


def test_the_latest_stage_decides_whether_the_campaign_counts_for_the_whole_case(mall):
    run_campaign(mall, "weekend", WEEKEND)
    assert mall.points(mall.tip("a", "adopted", mall.noon - DAY)) == [40]
    assert mall.points(mall.tip("b", "solved", mall.noon)) == [60]
    assert mall.reverse("b").body["points"] == -60
    assert mall.points(mall.tip("c", "malicious", mall.noon + DAY * 5), now=mall.noon + DAY * 5) == [-90]


def test_a_campaign_counts_only_for_what_occurred_while_it_was_published(mall):
    run_campaign(mall, "always", ALWAYS, mall.noon - DAY, mall.noon)
    events = [mall.tip(f"e{i}", "adopted", at, case=f"c{i}") for i, at in enumerate(
        (mall.noon - DAY * 2, mall.noon - DAY, mall.noon - timedelta(seconds=1), mall.noon)
    )]  # fmt: skip
    assert mall.points(*events) == [20, 30, 30, 20]


def test_of_two_campaigns_the_larger_counts_and_the_given_points_are_left_alone(mall):
    run_campaign(mall, "always", ALWAYS)
    run_campaign(mall, "more", {"name": {"en": "More"}, "factor": "3", "rules": ["activity-attended"]})
    assert mall.points(
        mall.tip("a", "adopted"),
        mall.event("b", "activity.attended", subject="fair"),
        mall.event("c", "points.credit", points=5, label="bonus"),
    ) == [30, 30, 5]


def test_a_campaign_for_a_level_looks_at_public_points_only(mall):
    run_campaign(mall, "stars", {**ALWAYS, "min_level": 2})
    mall.book(*[mall.tip(f"t{i}", "solved", case=f"c{i}") for i in range(3)])  # 300 points, none of them public
    assert mall.public_points() == 0
    assert mall.points(mall.event("a", "activity.attended", subject="a")) == [10]
    mall.book(*[mall.event(f"p{i}", "activity.attended", subject=f"p{i}") for i in range(9)])
    assert mall.public_points() == 100
    assert mall.points(mall.event("b", "activity.attended", subject="b")) == [15]
    assert mall.points(mall.event("c", "activity.attended", subject="c", member="u-2")) == [10]


def test_a_segment_is_a_condition_on_the_member(mall):
    run_campaign(mall, "old", {**ALWAYS, "condition": "days_of_membership >= 30"})
    assert mall.points(mall.tip("a", "adopted")) == [20]
    mall.run(
        Login.OWNER, lambda tx: tx.execute(text("UPDATE members SET created_at = created_at - interval '40 days'"))
    )
    assert mall.points(mall.tip("b", "adopted", case="t2")) == [30]


def test_facts_of_the_member_are_kept_with_the_event_and_hidden_from_the_source(mall):
    document = {
        "event": "activity.attended",
        "points": {"base": {"fixed": 10}, "multipliers": [{"by": "effectiveness", "at_least": [[0, 1], [60, "2"]]}]},
        "visibility": "public",
    }
    mall.publish("activity-attended", document)
    activity = [mall.event(f"a{i}", "activity.attended", subject=f"a{i}") for i in range(2)]
    assert mall.points(activity[0]) == [10]
    mall.book(*[mall.tip(f"t{i}", "adopted", case=f"c{i}") for i in range(2)], mall.tip("r", "received", case="r"))
    (paid,) = mall.book(activity[1])  # 4 of 6 with the prior: 67 %
    assert (paid.body["points"], explanation(paid)) == (20, ["each time: 10", "effectiveness: × 2"])
    facts = text("SELECT facts FROM sources.credit_events WHERE type = 'activity.attended' ORDER BY arrival, posted_at")
    assert sorted(row["effectiveness"] for (row,) in mall.run(Login.EARNING, lambda tx: tx.execute(facts).all())) == [
        50,
        67,
    ]
    assert mall.book(activity[1])[0].replayed


def test_adopted_tips_count_in_their_month_and_in_the_window(mall):
    document = {"event": "activity.attended", "points": {"base": {"fact": "adopted_tips"}}, "visibility": "public"}
    mall.publish("activity-attended", document)
    mall.publish("month", {**document, "points": {"base": {"fact": "adopted_tips_month"}}})
    days = (1, 30, 364, 366)
    mall.book(*[mall.tip(f"t{day}", "solved", mall.noon - DAY * day, case=f"c{day}") for day in days])
    mall.book(mall.tip("x", "rejected", case="x"))
    (paid,) = mall.book(mall.event("a", "activity.attended", subject="a"))
    assert [(one["rule"], one["points"], one["explanation"]) for one in paid.body["awards"]] == [
        ("activity-attended", 3, ["adopted_tips"]), ("month", 1, ["adopted_tips_month"]),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"factor": "101"}, "factor"),
        ({"factor": "-1"}, "factor"),
        ({"factor": None}, "factor"),
        ({"name": {}}, "name"),
        ({"name": "x"}, "name"),
        ({"rules": "tip-outcome"}, "rules"),
        ({"min_level": 6}, "min_level"),
        ({"condition": "stage == 'solved'"}, "condition"),
        ({"active": {"weekdays": [8]}}, "active.weekdays.0"),
        ({"other": 1}, "campaign.other"),
    ],
)
def test_a_bad_campaign_is_refused_by_its_path(change, path):
    with pytest.raises(DocumentInvalid) as refused:
        read_campaign("x", {**ALWAYS, **change})
    assert list(refused.value.errors) == [path]


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    stages=st.lists(
        st.tuples(st.sampled_from(["received", "adopted", "solved", "malicious", "rejected"]), st.integers(0, 9)),
        min_size=1, max_size=6, unique_by=lambda stage: stage[1],
    ),
    order=st.data(),
)  # fmt: skip
def test_in_any_order_a_case_is_worth_its_latest_stage_with_the_campaign_of_that_day(mall, stages, order):
    mall.run(Login.OWNER, lambda tx: tx.execute(text("DELETE FROM campaigns")))
    run_campaign(mall, "weekend", WEEKEND)
    counter = test_in_any_order_a_case_is_worth_its_latest_stage_with_the_campaign_of_that_day
    counter.runs = getattr(counter, "runs", 0) + 1
    case = f"p{counter.runs}"
    events = [
        mall.tip(f"{case}/{days}", stage, mall.noon - DAY * days, case=case, member=case) for stage, days in stages
    ]
    total = sum(mall.points(*order.draw(st.permutations(events))))
    stage, days = min(stages, key=lambda one: one[1])
    points = {"received": 2, "adopted": 20, "solved": 100, "malicious": -50, "rejected": 0}[stage]
    assert total == points * (2 if points > 0 and (mall.noon - DAY * days).isoweekday() > 5 else 1)
