"""Rule documents and conditions: what is refused when a draft is saved, and where."""

from __future__ import annotations

import copy

import pytest
from flask_babel import force_locale

from points.earning.conditions import Condition, ConditionInvalid
from points.earning.defaults import DEFAULT_RULES
from points.earning.documents import DocumentInvalid, read_document
from points.earning.sentences_display import shown_errors

FIXED = {"event": "tip.outcome", "points": {"base": {"fixed": 10}}, "visibility": "public"}


@pytest.mark.parametrize("key", sorted(DEFAULT_RULES))
def test_every_default_rule_is_valid(key):
    assert read_document(DEFAULT_RULES[key]).event_type == DEFAULT_RULES[key]["event"]


def test_reading_a_document_leaves_it_alone():
    before = copy.deepcopy(DEFAULT_RULES["tip-outcome"])
    read_document(DEFAULT_RULES["tip-outcome"])
    assert DEFAULT_RULES["tip-outcome"] == before


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"event": "tip.unknown"}, "event"),
        ({"event": None}, "event"),
        ({"event": ["tip.outcome"]}, "event"),
        ({"surprise": 1}, "surprise"),
        ({"visibility": "secret"}, "visibility"),
        ({"visibility": None}, "visibility"),
        ({"points": None}, "points.base"),
        ({"points": []}, "points"),
        ({"points": {"base": {"fixed": True}}}, "points.base.fixed"),
        ({"points": {"base": {"fixed": "NaN"}}}, "points.base.fixed"),
        ({"points": {"base": {"fixed": "1e9"}}}, "points.base.fixed"),
        ({"points": {"base": {"fixed": 1, "by": "stage"}}}, "points.base.by"),
        ({"points": {"base": {"fact": "stage"}}}, "points.base.fact"),
        ({"points": {"base": {"by": "colour", "equal": {}}}}, "points.base.by"),
        ({"points": {"base": {"by": "stage", "equal": {}}}}, "points.base.equal"),
        ({"points": {"base": {"by": "stage", "at_least": [[1, 2]]}}}, "points.base.at_least"),
        ({"points": {"base": {"by": "grade", "at_least": [[2, 1], [1, 2]]}}}, "points.base.at_least"),
        (
            {"points": {"base": {"fixed": 1}, "multipliers": [{"percent_of": "grade"}]}},
            "points.multipliers.0.percent_of",
        ),
        (
            {"points": {"base": {"fixed": 1}, "multipliers": [{"by": "grade", "equal": {"1": -1}}]}},
            "points.multipliers.0",
        ),
        (
            {"points": {"base": {"fixed": 10**6}, "multipliers": [{"by": "grade", "equal": {"1": 10**4}}]}},
            "points",
        ),
        ({"caps": {}}, "caps"),
        ({"caps": [{"per": "house", "period": "day", "unit": "points", "limit": 1}]}, "caps.0.per"),
        ({"caps": [{"per": "all", "period": "day", "unit": "points", "limit": -1}]}, "caps.0.limit"),
        ({"caps": [{"per": "all", "period": "day", "unit": "points", "limit": 1.5}]}, "caps.0.limit"),
        ({"active": {"first_day": "2026-13-01"}}, "active.first_day"),
        ({"active": {"first_day": "2026-02-01", "last_day": "2026-01-01"}}, "active.last_day"),
        ({"active": {"weekdays": [8]}}, "active.weekdays.0"),
        ({"active": {"hours": [[20, 8]]}}, "active.hours.0"),
        ({"pending": {"kind": "days"}}, "pending.days"),
        ({"pending": {"kind": "maybe"}}, "pending.kind"),
        ({"pending": {"kind": "days", "days": 9}, "expiry": {"kind": "days", "count": 9}}, "expiry.count"),
        ({"expiry": {"kind": "months", "count": 0}}, "expiry.count"),
        ({"expiry": {"kind": "months", "count": 3, "round_to": "week"}}, "expiry.round_to"),
        ({"stacking": {"mode": "best"}}, "stacking.group"),
        ({"condition": 5}, "condition"),
    ],
)
def test_a_bad_part_is_named(change, path):
    with pytest.raises(DocumentInvalid) as refused:
        read_document({**FIXED, **change})
    assert path in refused.value.errors


@pytest.mark.parametrize("document", [None, [], "x", 1, {}])
def test_what_is_no_document_is_refused(document):
    with pytest.raises(DocumentInvalid):
        read_document(document)


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("stge == 'solved'", "1:1: there is no field stge"),
        ("stage + 1 == 3", "1:7: + cannot be used on: string, int"),
        ("grade", "1:1: gives INT, must give true or false"),
        ("grade > 1 &&\n colour == 1", "2:2: there is no field colour"),
        ("10 / grade > 1", "1:4: the divisor of / must be a number other than zero"),
        ("grade % 0 == 1", "1:7: the divisor of % must be a number other than zero"),
        ("stage == 'a\x00'", "1:12: contains a character that is not allowed"),
        ("stage == '\ud800'", "1:11: contains a character that is not allowed"),
        ("true" + " && true" * 300, "1:1: longer than 2000 characters"),
    ],
)
def test_a_bad_condition_is_refused_with_position_and_reason(source, fault):
    with pytest.raises(ConditionInvalid) as refused:
        Condition("tip.outcome", source)
    assert str(refused.value.faults[0]) == fault


def test_a_condition_is_about_the_facts_of_its_own_kind_of_event():
    Condition("quiz.result", "percent >= 60.0")
    with pytest.raises(ConditionInvalid):
        Condition("tip.outcome", "percent >= 60.0")


def test_conditions_hold_or_not():
    facts = {"stage": "solved", "grade": 2, "share": 100, "weekday": 1, "hour": 12}
    assert Condition("tip.outcome", "").holds(facts)
    assert Condition("tip.outcome", "stage == 'solved' && grade >= 2").holds(facts)
    assert not Condition("tip.outcome", "stage == 'solved' && grade > 2").holds(facts)
    assert Condition("tip.outcome", "stage == 'a / b' || hour / 2 == 6").holds(facts)


def test_a_condition_that_runs_too_long_is_false():
    numbers = "[1,2,3,4,5,6,7,8,9,10]"
    source = "true"
    for name in "abcdef":
        source = f"{numbers}.all({name}, {source})"
    assert not Condition("tip.outcome", source).holds({"stage": "solved", "grade": 1})


def test_reasons_are_shown_in_the_readers_language(app):
    document = {**FIXED, "condition": "grade > 1 &&\n colour == 1", "pending": {"kind": "days"}}
    with pytest.raises(DocumentInvalid) as refused:
        read_document(document)
    with app.test_request_context(), force_locale("zh"):
        assert shown_errors(refused.value.errors) == {
            "condition": ["第 2 行第 2 列：没有名为 colour 的字段"],
            "pending.days": ["必须是 1 到 3650 的整数"],
        }
    with app.test_request_context(), force_locale("en"):
        assert shown_errors(refused.value.errors)["condition"] == ["line 2, column 2: there is no field colour"]
