"""Two rule documents side by side."""

from __future__ import annotations

import copy

from flask_babel import force_locale

from points.earning.compare import Difference, compare
from points.earning.compare_display import told
from points.earning.defaults import DEFAULT_RULES
from points.earning.documents import read_document
from points.earning.largest import largest_award

TIP = DEFAULT_RULES["tip-outcome"]


def _changed(**changes):
    document = copy.deepcopy(TIP)
    document.update(changes)
    return document


def test_the_same_document_has_no_difference_however_it_is_written():
    other = _changed(condition="", pending={"kind": "none"}, stacking={"mode": "sum"})
    other["points"]["multipliers"][0]["equal"]["1"] = 1.20
    del other["expiry"]
    assert compare(TIP, other) == []


def test_one_changed_value_is_one_line():
    other = _changed()
    other["points"]["base"]["equal"]["solved"] = 120
    assert compare(TIP, other) == [Difference("points.base.equal.solved", "100", "120")]


def test_what_is_added_and_taken_away_has_one_side_only():
    other = _changed(caps=[{"per": "member", "period": "day", "unit": "points", "limit": 10}], condition="grade > 1")
    del other["points"]["base"]["equal"]["received"]
    assert compare(TIP, other) == [
        Difference("condition", "", "grade > 1"),
        Difference("points.base.equal.received", "2", None),
        Difference("caps.1.per", None, "member"),
        Difference("caps.1.period", None, "day"),
        Difference("caps.1.unit", None, "points"),
        Difference("caps.1.limit", None, "10"),
    ]


def test_a_step_put_in_between_is_one_line():
    quiz = DEFAULT_RULES["quiz-result"]
    other = copy.deepcopy(quiz)
    other["points"]["base"]["at_least"].insert(2, [70, 15])
    assert compare(quiz, other) == [Difference("points.base.at_least.70", None, "15")]


def test_a_line_is_named_in_the_readers_language(app):
    line = Difference("points.base.equal.solved", "100", "120")
    with app.test_request_context(), force_locale("en"):
        assert told(line)["label"] == "Points for solved"
    with app.test_request_context(), force_locale("zh"):
        assert told(line)["label"] == "已解决的积分"
        words = told(Difference("pending.kind", "none", "until_confirmed"))
        assert (words["before_words"], words["after_words"]) == ("无", "直到有人确认")


def test_the_largest_award_of_a_document():
    assert largest_award(read_document(TIP)) == 300
    assert largest_award(read_document(DEFAULT_RULES["points-credit"])) == 1_000_000
    assert largest_award(read_document(DEFAULT_RULES["daily-check-in"])) == 30
