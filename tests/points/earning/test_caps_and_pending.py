"""Caps, pending points, versions: what other rules than the default ones do."""

from __future__ import annotations

import threading
from datetime import timedelta

DAY = timedelta(days=1)


def activity(mall, name, at=None, **more):
    return mall.event(name, "activity.attended", at or mall.noon, subject=name, **more)


def test_a_cap_in_points_cuts_the_grant_and_says_so(mall, simple):
    cap = {"per": "member", "period": "day", "unit": "points", "limit": 15}
    mall.publish("activity-attended", simple.fixed(10, caps=[cap]))
    first, second, third = mall.book(*[activity(mall, name) for name in "abc"])
    assert [first.body["points"], second.body["points"], third.body["points"]] == [10, 5, 0]
    assert second.body["awards"][0]["explanation"] == ["each time: 10", "at most 15 points per day: 5"]
    assert (third.body["status"], third.body["reason"]) == ("no_award", "cap_reached")
    assert mall.points(activity(mall, "d", mall.noon - DAY)) == [10]
    assert mall.points(activity(mall, "e", member="u-2")) == [10]


def test_a_cap_in_times_counts_awards(mall, simple):
    cap = {"per": "member", "period": "week", "unit": "times", "limit": 2}
    mall.publish("activity-attended", simple.fixed(10, caps=[cap]))
    assert mall.points(*[activity(mall, name) for name in "abc"]) == [10, 10, 0]
    assert mall.points(activity(mall, "sunday", mall.noon - DAY)) == [10]


def test_a_cap_for_all_members_is_shared(mall, simple):
    cap = {"per": "all", "period": "total", "unit": "points", "limit": 25}
    mall.publish("activity-attended", simple.fixed(10, caps=[cap]))
    events = [activity(mall, f"a{i}", member=f"u-{i}") for i in range(4)]
    assert mall.points(*events) == [10, 10, 5, 0]


def test_a_negative_change_gives_the_room_back(mall, simple):
    cap = {"per": "member", "period": "day", "unit": "points", "limit": 100}
    document = {
        "event": "tip.outcome",
        "points": {"base": {"by": "stage", "equal": {"adopted": 60, "solved": 90, "malicious": -50, "overturned": 0}}},
        "caps": [cap],
        "visibility": "confidential",
    }
    mall.publish("tip-outcome", document)
    hour = timedelta(hours=1)
    assert mall.points(mall.tip("a", "solved", mall.noon - hour), mall.tip("b", "adopted", case="t2")) == [
        90,
        10,
    ]
    assert mall.points(mall.tip("c", "malicious", mall.noon)) == [-140]
    assert mall.points(mall.tip("d", "solved", case="t2")) == [80]
    assert mall.points(mall.tip("e", "adopted", case="t3")) == [10]
    assert mall.reverse("d").body["points"] == -30
    assert mall.points(mall.tip("f", "adopted", case="t4")) == [30]


def test_a_case_counts_in_the_period_of_its_first_stage(mall):
    cap = {"per": "member", "period": "day", "unit": "points", "limit": 20}
    document = {
        "event": "tip.outcome",
        "points": {"base": {"by": "stage", "equal": {"received": 2, "adopted": 20}}},
        "caps": [cap],
        "visibility": "confidential",
    }
    mall.publish("tip-outcome", document)
    assert mall.points(mall.tip("a", "received", mall.noon - DAY)) == [2]
    assert mall.points(mall.tip("b", "adopted", case="t2")) == [20]
    assert mall.points(mall.tip("c", "adopted")) == [18]


def test_a_cap_at_its_edge_holds_under_fifty_threads(mall, simple):
    cap = {"per": "all", "period": "day", "unit": "points", "limit": 105}
    mall.publish("activity-attended", simple.fixed(10, caps=[cap]))
    threads = [
        threading.Thread(target=lambda i=i: mall.book(activity(mall, f"a{i}", member=f"u-{i % 7}"))) for i in range(50)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(mall.balance(f"u-{i}").available for i in range(7)) == 105


def test_pending_points_mature_after_their_days(mall, simple):
    mall.publish("activity-attended", simple.fixed(10, pending={"kind": "days", "days": 7}))
    (outcome,) = mall.book(activity(mall, "a", mall.noon - DAY * 30))
    assert outcome.body["status"] == "pending"
    assert outcome.body["awards"][0]["available_at"] == "2026-11-30T04:00:00+00:00"
    assert (mall.balance().available, mall.balance().pending) == (0, 10)
    assert mall.balance(now=mall.noon + DAY * 7).available == 10


def test_a_regrade_while_pending_changes_the_pending_amount_and_keeps_its_day(mall):
    document = {
        "event": "tip.outcome",
        "points": {"base": {"by": "stage", "equal": {"received": 2, "adopted": 20, "solved": 100}}},
        "pending": {"kind": "days", "days": 7},
        "visibility": "confidential",
    }
    mall.publish("tip-outcome", document)
    mall.book(mall.tip("a", "adopted"))
    (up,) = mall.book(mall.tip("b", "solved", mall.noon + DAY), now=mall.noon + DAY)
    assert (up.body["status"], up.body["points"]) == ("pending", 80)
    assert up.body["awards"][0]["available_at"] == "2026-11-30T04:00:00+00:00"
    (down,) = mall.book(mall.tip("c", "adopted", mall.noon + DAY * 2), now=mall.noon + DAY * 2)
    assert (down.body["status"], down.body["points"]) == ("pending", -80)
    assert mall.balance(now=mall.noon + DAY * 2).pending == 20
    later = mall.noon + DAY * 8
    assert mall.balance(now=later).available == 20
    (active,) = mall.book(mall.tip("d", "solved", later), now=later)
    assert (active.body["status"], active.body["points"]) == ("booked", 80)
    assert mall.balance(now=later).available == 100


def test_points_until_confirmed_wait(mall, simple):
    mall.publish("activity-attended", simple.fixed(10, pending={"kind": "until_confirmed"}))
    (outcome,) = mall.book(activity(mall, "a"))
    assert outcome.body["status"] == "pending"
    assert outcome.body["awards"][0]["available_at"] is None
    assert mall.balance(now=mall.noon + DAY * 300).pending == 10


def test_points_that_never_expire_say_so_with_null(mall, simple):
    mall.publish("activity-attended", simple.fixed(10, expiry={"kind": "never"}))
    (outcome,) = mall.book(activity(mall, "a"))
    assert outcome.body["awards"][0]["expires_at"] is None
    assert mall.balance(now=mall.noon + DAY * 4000).available == 10


def test_the_version_in_force_at_the_latest_stage_values_the_whole_case(mall):
    document = {
        "event": "tip.outcome",
        "points": {"base": {"by": "stage", "equal": {"received": 3, "adopted": 30}}},
        "visibility": "confidential",
    }
    mall.publish("tip-outcome", document, since=mall.noon - DAY)
    (old,) = mall.book(mall.tip("a", "adopted", mall.noon - DAY * 2))
    assert (old.body["points"], old.body["awards"][0]["rule_version"]) == (20, 1)
    (new,) = mall.book(mall.tip("b", "received"))
    assert (new.body["points"], new.body["awards"][0]["rule_version"]) == (-17, 2)
    assert mall.balance().available == 3


def test_of_a_stacking_group_only_the_best_pays(mall, simple):
    group = {"mode": "best", "group": "campaign"}
    mall.publish("weekend", simple.fixed(25, stacking=group))
    mall.publish("winter", simple.fixed(15, stacking=group))
    (outcome,) = mall.book(activity(mall, "a"))
    assert [(award["rule"], award["points"]) for award in outcome.body["awards"]] == [
        ("activity-attended", 10),
        ("weekend", 25),
    ]
    assert outcome.body["points"] == 35
    assert mall.reverse("a").body["points"] == -35


def test_conditions_and_windows_choose_who_is_paid(mall, simple):
    mall.publish("weekday", simple.fixed(3, active={"weekdays": [1], "hours": [[12, 13]]}))
    mall.publish("evening", simple.fixed(5, condition="hour >= 18"))
    assert mall.points(activity(mall, "noon")) == [13]
    assert mall.points(activity(mall, "sunday", mall.noon - DAY)) == [10]
    assert mall.points(activity(mall, "late", mall.noon - timedelta(hours=14))) == [15]
