"""What redemption rules refuse: one before, at and one after each boundary, and when it lifts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from catalog.rules.judge import Asked, Facts, Rule, judge, judge_limit, room
from catalog.rules.windows import window_end, window_start
from points.segments.filters import TipBounds, Who, crossed, read_filter

ZONE = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 25, 12, 30, tzinfo=ZONE)  # a Wednesday


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def _rule(kind, above=None, found=None, **terms):
    return Rule("rru_1", {"zh": "规则", "en": "A rule"}, kind, None, None, above, terms, found)


def _who(level=1, days=10, earned=0, household=None):
    return Facts(Who(level, days, earned, date(2026, 11, 25) - timedelta(days=days), household))


def _never(_bounds):
    raise AssertionError("asked about tips")


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        ("hour", "2026-11-25T12:00", "2026-11-25T13:00"),
        ("day", "2026-11-25T00:00", "2026-11-26T00:00"),
        ("week", "2026-11-23T00:00", "2026-11-30T00:00"),
        ("month", "2026-11-01T00:00", "2026-12-01T00:00"),
        ("year", "2026-01-01T00:00", "2027-01-01T00:00"),
    ],
)
def test_periods_begin_and_end_in_the_malls_zone(period, start, end):
    assert (window_start(period, NOON, ZONE), window_end(period, NOON, ZONE)) == (_at(start), _at(end))
    # The first moment belongs to its own period, the last one before it to the one that went before.
    assert window_start(period, _at(start), ZONE) == _at(start)
    assert window_end(period, _at(start) - timedelta(microseconds=1), ZONE) == _at(start)
    assert window_start(period, _at(end), ZONE) == _at(end)


def test_a_total_has_neither_beginning_nor_end():
    assert window_start("total", NOON, ZONE) is None and window_end("total", NOON, ZONE) is None


@pytest.mark.parametrize(("unit", "amount", "used"), [("quantity", 3, 1), ("points", 300, 100)])
def test_a_limit_lets_through_exactly_its_amount(unit, amount, used):
    rule, two = _rule("limit", per="member", unit=unit, period="month", amount=amount), Asked(2, 100)
    step = 1 if unit == "quantity" else 100
    assert judge_limit(rule, two, used - step, NOON, ZONE) is None
    assert judge_limit(rule, two, used, NOON, ZONE) is None
    refused = judge_limit(rule, two, used + 1, NOON, ZONE)
    assert refused.code == "redemption_rule"
    assert refused.figures == {
        "rule": "rru_1", "title": {"zh": "规则", "en": "A rule"}, "kind": "limit", "lifts_at": _at("2026-12-01T00:00"),
        "per": "member", "unit": unit, "period": "month", "amount": amount, "left": amount - used - 1,
    }  # fmt: skip
    assert [room(rule, two, had) for had in (0, used, amount, amount + 5)] == [3, 2, 0, 0]


def test_more_than_a_limit_at_once_and_a_limit_in_all_never_lift():
    month = _rule("limit", per="member", unit="quantity", period="month", amount=3)
    assert judge_limit(month, Asked(4, 1), 0, NOON, ZONE).figures["lifts_at"] is None
    ever = _rule("limit", per="member", unit="quantity", period="total", amount=3)
    assert judge_limit(ever, Asked(1, 1), 3, NOON, ZONE).figures["lifts_at"] is None


def test_a_rule_for_dear_gifts_begins_one_point_above():
    rule = _rule("level", 2000, min_level=3)
    assert [rule.covers(points) for points in (1999, 2000, 2001)] == [False, False, True]


def test_a_level_is_refused_below_it():
    rule = _rule("level", min_level=3)
    judged = [judge(rule, _who(level=level), _never, NOON, ZONE) for level in (2, 3, 4)]
    assert judged[0].figures["lifts_at"] is None and judged[0].figures["min_level"] == 3
    assert judged[1:] == [None, None]


def test_membership_lifts_when_the_day_comes_that_completes_it():
    rule = _rule("membership", min_days=30)
    assert judge(rule, _who(days=29), _never, NOON, ZONE).figures["lifts_at"] == _at("2026-11-26T00:00")
    assert [judge(rule, _who(days=days), _never, NOON, ZONE) for days in (30, 31)] == [None, None]
    assert judge(rule, _who(days=0), _never, NOON, ZONE).figures["lifts_at"] == _at("2026-12-25T00:00")


def test_effectiveness_is_asked_as_a_yes_or_no():
    rule, asked = _rule("effectiveness", min_percent=60), []

    def meet(bounds):
        asked.append(bounds)
        return len(asked) == 1

    assert judge(rule, _who(), meet, NOON, ZONE) is None
    refused = judge(rule, _who(), meet, NOON, ZONE)
    assert asked == [TipBounds(percent_from=60)] * 2
    assert refused.figures["min_percent"] == 60 and refused.figures["lifts_at"] is None


def test_a_segment_lets_in_only_its_members_or_all_but_them():
    found = read_filter({"level_from": 2, "level_to": 3})
    only, but = _rule("segment", found=found, members="only"), _rule("segment", found=found, members="except")
    for level, inside in ((1, False), (2, True), (3, True), (4, False)):
        assert (judge(only, _who(level=level), _never, NOON, ZONE) is None) is inside
        assert (judge(but, _who(level=level), _never, NOON, ZONE) is None) is not inside


@pytest.mark.parametrize(
    ("stored", "inside", "outside"),
    [
        ({"days_of_membership_from": 10}, {"days": 10}, {"days": 9}),
        ({"days_of_membership_to": 10}, {"days": 10}, {"days": 11}),
        ({"earned_points_from": 500}, {"earned": 500}, {"earned": 499}),
        ({"earned_points_to": 500}, {"earned": 500}, {"earned": 501}),
        ({"joined_from": "2026-11-15"}, {"days": 10}, {"days": 11}),
        ({"joined_to": "2026-11-15"}, {"days": 10}, {"days": 9}),
        ({"households": ["a", "b"]}, {"household": "b"}, {"household": "c"}),
        ({"households": ["a", "b"]}, {"household": "a"}, {"household": None}),
    ],
)
def test_each_part_of_a_filter_includes_its_ends(stored, inside, outside):
    found = read_filter(stored)
    assert found.holds(_who(**inside).who, _never) and not found.holds(_who(**outside).who, _never)


def test_a_filter_asks_about_tips_last_and_only_if_it_must():
    found = read_filter({"level_from": 2, "effectiveness_to": 40, "adopted_tips_from": 3})
    assert not found.holds(_who(level=1).who, _never)
    asked = []
    assert not found.holds(_who(level=2).who, lambda bounds: bool(asked.append(bounds)))
    assert asked == [TipBounds(0, 40, 3, 1_000_000)]


def test_ends_that_cross_are_named():
    days = {"joined_from": date(2026, 1, 2), "joined_to": date(2026, 1, 1)}
    assert crossed({"level_from": 3, "level_to": 2, **days}) == ["level_to", "joined_to"]
    assert crossed({"level_from": 3, "level_to": 3}) == []


@pytest.mark.parametrize(
    ("terms", "moment", "lifts"),
    [
        ({"first_day": "2026-11-25", "last_day": "2026-11-27"}, "2026-11-24T23:59", False),
        ({"first_day": "2026-11-25", "last_day": "2026-11-27"}, "2026-11-25T00:00", "2026-11-28T00:00"),
        ({"first_day": "2026-11-25", "last_day": "2026-11-27"}, "2026-11-27T23:59", "2026-11-28T00:00"),
        ({"first_day": "2026-11-25", "last_day": "2026-11-27"}, "2026-11-28T00:00", False),
        ({"first_day": "2026-11-25"}, "2026-11-25T00:00", None),
        ({"weekdays": [6, 7]}, "2026-11-28T10:00", "2026-11-30T00:00"),
        ({"weekdays": [6, 7]}, "2026-11-27T23:59", False),
        ({"hours": [[22, 24], [0, 6]]}, "2026-11-25T22:00", "2026-11-26T06:00"),
        ({"hours": [[22, 24], [0, 6]]}, "2026-11-25T21:59", False),
        ({"hours": [[0, 24]]}, "2026-11-25T21:59", None),
        ({"hours": [[0, 24]], "last_day": "2026-12-20"}, "2026-11-25T21:59", "2026-12-21T00:00"),
        ({"weekdays": [3], "hours": [[9, 12]]}, "2026-11-25T11:30", "2026-11-25T12:00"),
    ],
)
def test_a_blackout_lifts_at_the_first_moment_after_it(terms, moment, lifts):
    refused = judge(_rule("blackout", **terms), None, _never, _at(moment).astimezone(UTC), ZONE)
    if lifts is False:
        assert refused is None
    else:
        assert refused.figures["lifts_at"] == (lifts and _at(lifts))


@pytest.mark.parametrize("per", ["member", "household"])
def test_debt_refuses_whom_it_is_about(per):
    rule, other = _rule("debt", per=per), {"member": "household", "household": "member"}[per]
    owing = Facts(_who().who, {per: True, other: False})
    assert judge(rule, owing, _never, NOON, ZONE).figures["per"] == per
    assert judge(rule, Facts(_who().who, {per: False, other: True}), _never, NOON, ZONE) is None
