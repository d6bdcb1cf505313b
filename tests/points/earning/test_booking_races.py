"""Races: the same event, the same new person, crossing batches."""

from __future__ import annotations


def test_one_event_sent_by_twenty_threads_is_booked_once(mall, at_once):
    event = mall.tip("a", "adopted")
    results = at_once([lambda: mall.book(event)[0]] * 20)
    assert [one.replayed for one in results].count(False) == 1
    assert {str(one.body) for one in results} == {str(results[0].body)}
    assert mall.balance().available == 20


def test_one_id_for_two_members_at_once_is_booked_for_one(mall, at_once):
    mall.book(mall.event("x", "member.login", member="u-1"), mall.event("y", "member.login", member="u-2"))
    for number in range(10):
        works = [lambda n=number, m=m: mall.points(mall.tip(f"e{n}", "adopted", member=m)) for m in ("u-1", "u-2")]
        results = at_once(works)
        assert sorted(map(str, results)) == [
            "['event_mismatch']",
            f"[{20 if number == 0 else results_points(results)}]",
        ]


def results_points(results):
    return next(one[0] for one in results if one != ["event_mismatch"])


def test_a_new_person_met_by_many_threads_is_opened_once(mall, at_once):
    events = [mall.event(f"a{i}", "activity.attended", subject=f"s{i}") for i in range(12)]
    at_once([lambda event=event: mall.book(event) for event in events])
    assert mall.balance().available == 120


def test_crossing_batches_both_book(mall, at_once):
    forward = [mall.tip(f"f{i}", "adopted", member=f"u-{i}", case="f") for i in range(30)]
    backward = [mall.tip(f"b{i}", "adopted", member=f"u-{i}", case="b") for i in reversed(range(30))]
    shared = [mall.tip(f"s{i}", "received", member=f"u-{i}", case="s") for i in range(30)]
    results = at_once([lambda: mall.book(*forward, *shared), lambda: mall.book(*backward, *shared[::-1])] * 2)
    assert all(one.error is None for result in results for one in result)
    assert [mall.balance(f"u-{i}").available for i in range(30)] == [42] * 30


def test_a_daily_cap_is_exact_when_fifty_credits_come_at_once(mall, at_once):
    from points.earning.event_types import EventSource

    capped = EventSource("cli_test", may_credit=True, daily_cap_points=105)
    works = [
        lambda i=i: mall.points(
            mall.event(f"c{i}", "points.credit", points=10, label="bonus", member=f"u-{i % 5}"), source=capped
        )
        for i in range(50)
    ]
    results = at_once(works)
    assert results.count([10]) == 10
    assert results.count(["daily_cap_reached"]) == 40
