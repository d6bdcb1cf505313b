"""Reading events off the wire: every bad value is refused with the name of its field."""

from __future__ import annotations

import copy
from datetime import UTC, datetime

import marshmallow as ma
import pytest

from points.earning.event_input import BatchInSchema, read_event

TIP = {
    "id": "tip-0001/adopted",
    "type": "tip.outcome",
    "member": "u-829",
    "occurred_at": "2026-11-23T10:00:00+08:00",
    "data": {"case": "tip-0001", "stage": "adopted", "grade": 2},
}
QUIZ = {**TIP, "type": "quiz.result", "data": {"quiz": "q", "score": 1, "max_score": 2}}
CREDIT = {**TIP, "type": "points.credit", "data": {"points": 5, "label": "bonus"}}
LOGIN = {key: value for key, value in TIP.items() if key != "data"} | {"type": "member.login"}
ODD = [None, True, [], {}, 1.5, "1e9", -1, 2**63, "\x00", "", "x" * 129, "汉"]


def refused(raw):
    with pytest.raises(ma.ValidationError) as error:
        read_event(raw)
    return error.value.normalized_messages()


def test_an_event_is_read_with_its_defaults():
    event = read_event(TIP)
    assert (event.event_id, event.type, event.member) == ("tip-0001/adopted", "tip.outcome", "u-829")
    assert event.occurred_at == datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
    assert event.subject == "tip-0001"
    assert event.facts == {"stage": "adopted", "grade": 2, "share": 100}


def test_reading_leaves_what_was_sent_alone():
    before = copy.deepcopy(TIP)
    read_event(TIP)
    assert before == TIP


@pytest.mark.parametrize("field", ["id", "type", "member", "occurred_at", "data"])
def test_a_missing_field_is_named(field):
    assert list(refused({key: value for key, value in TIP.items() if key != field})) == [field]


@pytest.mark.parametrize("field", ["id", "type", "member", "occurred_at"])
@pytest.mark.parametrize("value", [*ODD, 0, 1])
def test_an_odd_value_is_refused_by_name(field, value):
    expected = {"id": ["1e9", "\x00"], "member": ["1e9", "\x00"]}
    if field in expected and value == "1e9":
        assert read_event({**TIP, field: value})
    else:
        assert list(refused({**TIP, field: value})) == [field]


@pytest.mark.parametrize(
    ("event", "field"),
    [(TIP, "case"), (TIP, "stage"), (TIP, "grade"), (TIP, "share"), (QUIZ, "score"), (QUIZ, "max_score"),
     (CREDIT, "points"), (CREDIT, "label")],
)  # fmt: skip
@pytest.mark.parametrize("value", ODD)
def test_an_odd_value_in_data_is_refused_by_name(event, field, value):
    raw = {**event, "data": {**event["data"], field: value}}
    if field in ("case", "label") and value == "1e9":
        assert read_event(raw)
    else:
        assert list(refused(raw)["data"]) == [field]


def test_a_whole_number_may_be_written_as_a_float():
    assert read_event({**CREDIT, "data": {"points": 1550.0, "label": "bonus"}}).facts["points"] == 1550


@pytest.mark.parametrize(("points", "good"), [(0, False), (1, True), (1_000_000, True), (1_000_001, False)])
def test_explicit_points_have_bounds(points, good):
    raw = {**CREDIT, "data": {"points": points, "label": "bonus"}}
    if good:
        assert read_event(raw).facts["points"] == points
    else:
        assert list(refused(raw)["data"]) == ["points"]


def test_a_score_above_the_best_possible_is_refused():
    assert list(refused({**QUIZ, "data": {"quiz": "q", "score": 3, "max_score": 2}})["data"]) == ["score"]


def test_unknown_fields_are_refused():
    assert list(refused({**TIP, "text": "what the tip said"})) == ["text"]
    assert list(refused({**TIP, "data": {**TIP["data"], "text": "x"}})["data"]) == ["text"]
    assert list(refused({**LOGIN, "data": {"case": "x"}})["data"]) == ["case"]


def test_a_login_needs_no_data():
    assert read_event(LOGIN).facts == {}
    assert read_event({**LOGIN, "data": {}}).facts == {}


@pytest.mark.parametrize("name", ["cev_1", "a/reversal", "", "a b", "a\n"])
@pytest.mark.parametrize("field", ["id", "member"])
def test_names_that_could_be_mistaken_are_refused(field, name):
    assert list(refused({**TIP, field: name})) == [field]


@pytest.mark.parametrize("kind", ["check.in", "tip", "TIP.OUTCOME"])
def test_other_types_are_refused(kind):
    assert list(refused({**TIP, "type": kind})) == ["type"]


@pytest.mark.parametrize(
    "moment",
    ["2026-11-23", "2026-11-23T10:00:00", "2026-13-23T10:00:00Z", "2026-02-30T10:00:00Z", "10:00", "now",
     "0000-01-01T00:00:00Z", "2026-11-23T10:00:00+99:00", 1732327200],
)  # fmt: skip
def test_a_moment_without_offset_or_sense_is_refused(moment):
    assert list(refused({**TIP, "occurred_at": moment})) == ["occurred_at"]


@pytest.mark.parametrize("raw", [None, [], "x", 1, True])
def test_what_is_no_object_is_refused(raw):
    assert refused(raw)


@pytest.mark.parametrize(
    "body",
    [None, [], {}, {"events": None}, {"events": {}}, {"events": []}, {"events": [1] * 1001}, {"events": [TIP], "x": 1}],
)
def test_a_batch_holds_1_to_1000_events(body):
    with pytest.raises(ma.ValidationError):
        BatchInSchema().load(body)


def test_the_items_of_a_batch_are_not_judged_together():
    assert BatchInSchema().load({"events": [1, TIP]}) == [1, TIP]
