"""The editor's form says what the document says, and puts each reason at its field."""

from __future__ import annotations

import pytest

from admin.pages.condition_rows import Row, to_cel, to_rows
from admin.pages.rule_form import act_on, document_of, form_of, read_form
from admin.pages.rule_form_fields import field_of
from points.earning.compare import compare
from points.earning.conditions import Condition, known_facts
from points.earning.defaults import DEFAULT_RULES
from points.earning.documents import read_document

KINDS = known_facts("tip.outcome")
FULL = {
    "event": "quiz.result",
    "condition": "percent >= 60.0 && weekday != 7 && level > 1",
    "points": {
        "base": {"by": "percent", "at_least": [[0, 0], [60, 10], ["80.5", 20]]},
        "multipliers": [{"by": "level", "equal": {"1": 1, "2": "1.5"}}, {"by": "hour", "at_least": [[0, 1], [20, 2]]}],
    },
    "caps": [{"per": "member", "period": "day", "unit": "points", "limit": 100}],
    "diminishing": {"per": "week", "factors": ["1", "0.5"], "then": "0.1"},
    "active": {"first_day": "2026-12-01", "last_day": "2026-12-31", "weekdays": [1, 6], "hours": [[8, 12], [14, 20]]},
    "pending": {"kind": "days", "days": 7},
    "expiry": {"kind": "months", "count": 12, "round_to": "year"},
    "stacking": {"mode": "best", "group": "quizzes"},
    "visibility": "public",
    "clawback": {"good_faith": "pending_only", "malice": "within_balance", "appeal_days": 7},
}
REPORTED = {
    **DEFAULT_RULES["tip-outcome"], "clawback": {"good_faith": "into_debt", "malice": "pending_only"},
    "corroboration": {"first": 100, "corroborating": 40, "duplicate": 0},
}  # fmt: skip


@pytest.mark.parametrize(
    "document", [FULL, REPORTED, *DEFAULT_RULES.values()], ids=lambda one: one["event"] + "+" * ("clawback" in one)
)
def test_a_document_survives_the_form(document):
    kinds = known_facts(document["event"])
    again = document_of(form_of(document), kinds, {})
    assert compare(document, again) == []
    assert read_document(again) is not None


def sent(form):
    """What a browser sends of a form, as pairs."""
    fields = {
        name: getattr(form, name)
        for name in type(form).__dataclass_fields__
        if isinstance(getattr(form, name), str)
    }  # fmt: skip
    for place, row in enumerate(form.rows):
        fields |= {f"rows.{place}.{part}": getattr(row, part) for part in ("field", "sign", "value")}
    tables = {"base": form.base, **{f"mult.{place}": table for place, table in enumerate(form.multipliers)}}
    for name, table in tables.items():
        fields |= {f"{name}.by": table.by, f"{name}.kind": table.kind}
        for place, (key, value) in enumerate(table.rows):
            fields |= {f"{name}.{place}.key": key, f"{name}.{place}.value": value}
    for place, cap in enumerate(form.caps):
        fields |= {f"cap.{place}.{part}": text for part, text in cap.items()}
    for place, (start, end) in enumerate(form.hours):
        fields |= {f"hours.{place}.key": start, f"hours.{place}.value": end}
    for name in ("clawback", "corroboration"):
        fields |= {f"{name}.{part}": text for part, text in getattr(form, name).items()}
    return fields | {f"dim.{part}": text for part, text in form.diminishing.items()}


@pytest.mark.parametrize(
    "document", [FULL, REPORTED, *DEFAULT_RULES.values()], ids=lambda one: one["event"] + "+" * ("clawback" in one)
)
def test_what_a_browser_sends_back_is_the_same_document(document):
    form = form_of(document)
    fields = sent(form)
    again = read_form(lambda name: fields.get(name, ""), lambda name: form.weekdays, fields)
    assert compare(document, document_of(again, known_facts(document["event"]), {})) == []


def test_parts_that_the_form_does_not_know_are_kept():
    assert document_of(form_of(FULL), known_facts("quiz.result"), {**FULL, "budget": {"points": 5}})["budget"] == {
        "points": 5
    }
    for kept in ("within_balance", {"malice": "pending_only"}, {"appeal_days": 3}, {}):
        document = {**REPORTED, "clawback": kept}
        again = document_of(form_of(document), known_facts("tip.outcome"), document)
        assert again["clawback"] == kept  # however it was written, untouched it is written so again


@pytest.mark.parametrize(
    ("source", "rows"),
    [
        ("", []),
        ("grade >= 1", [Row("grade", ">=", "1")]),
        ('stage == "solved" && grade >= 1', [Row("stage", "==", "solved"), Row("grade", ">=", "1")]),
        ("stage == 'a && b' && (hour < 8)", [Row("stage", "==", "a && b"), Row("hour", "<", "8")]),
        ('stage == "say \\"hi\\""', [Row("stage", "==", 'say "hi"')]),
        ("percent >= 60.0", [Row("percent", ">=", "60")]),
        ("grade >= 1 || grade == 0", None),
        ("grade + 1 > 2", None),
        ("grade >= 1 &&", None),
        ("(grade >= 1", None),
        ("!(grade >= 1)", None),
    ],
)
def test_conditions_as_rows(source, rows):
    assert to_rows(source) == rows


def test_rows_are_conditions_that_compile():
    rows = [Row("stage", "==", 'so "quoted" \\ text'), Row("grade", ">=", "1"), Row("", "==", "")]
    source = to_cel(rows, KINDS)
    assert source == 'stage == "so \\"quoted\\" \\\\ text" && grade >= 1'
    assert Condition("tip.outcome", source).holds({"stage": 'so "quoted" \\ text', "grade": 1})
    assert to_rows(source) == rows[:2]
    assert to_cel([Row("percent", ">=", "60")], known_facts("quiz.result")) == "percent >= 60.0"


def test_rows_come_and_go():
    form = form_of(FULL)
    act_on(form, "add:rows")
    assert len(form.rows) == 4 and form.rows[3].empty
    act_on(form, "del:rows:0")
    assert [row.field for row in form.rows] == ["weekday", "level", ""]
    act_on(form, "add:mult:1")
    assert form.multipliers[1].rows == [("0", "1"), ("20", "2"), ("", "")]
    act_on(form, "del:mult:1:0")
    assert form.multipliers[1].rows == [("20", "2"), ("", "")]
    act_on(form, "del:mult:0")
    assert [table.by for table in form.multipliers] == ["hour"]
    act_on(form, "add:cap")
    assert form.caps[1] == {"per": "member", "period": "day", "unit": "points", "limit": ""}
    for nonsense in ("add:nothing", "del:mult:9", "del:mult:9:9", "del:rows:x", "add:", "del:cap:", "add:mult:9"):
        before = repr(form)
        act_on(form, nonsense)
        assert repr(form) == before, nonsense


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("document.condition", "condition"),
        ("document.points.base.equal.solved", "base.2.value"),
        ("document.points.base.by", "base.by"),
        ("document.points.multipliers.0.equal.3", "mult.0.3.value"),
        ("document.points.multipliers.1", "mult.1"),
        ("document.caps.0.limit", "cap.0.limit"),
        ("document.active.hours.1", "hours.1"),
        ("document.active.weekdays.0", "weekdays"),
        ("document.diminishing.factors.2", "dim.factors"),
        ("document.diminishing.then", "dim.then"),
        ("document.expiry.count", "expiry_count"),
        ("document.clawback.appeal_days", "clawback.appeal_days"),
        ("document.corroboration.first", "corroboration.first"),
        ("document.clawback", "clawback.malice"),
        ("document.corroboration", "corroboration.first"),
        ("document.something", "form"),
    ],
)
def test_reasons_stand_at_their_fields(path, name):
    assert field_of(path, form_of(DEFAULT_RULES["tip-outcome"])) == name
