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


def test_every_line_a_document_may_have_has_a_name_and_codes_are_words(app):
    documents = [
        _changed(
            diminishing={"per": "day", "factors": ["1", "0.5"], "then": "0"},
            corroboration={"first": 100, "corroborating": 40, "duplicate": 10},
            clawback={"good_faith": "pending_only", "malice": "into_debt", "appeal_days": 7},
            caps=[{"per": "all", "period": "week", "unit": "times", "limit": 3}],
            active={"first_day": "2026-12-01", "last_day": "2026-12-31", "weekdays": [6, 7], "hours": [[8, 20]]},
            pending={"kind": "days", "days": 7},
            expiry={"kind": "months", "count": 12, "round_to": "year"},
            stacking={"mode": "best", "group": "x"},
        ),
        {"name": {"zh": "周末", "en": "Weekend"}, "factor": "2", "rules": ["x"], "min_level": 2, "review": True},
        {"scope": "programme", "period": "month", "limit_points": 5, "action": "pend"},
        {"clawback": "within_balance"},
    ]
    read_document(documents[0])
    with app.test_request_context(), force_locale("en"):
        shown = {line.path: told(line) for document in documents for line in compare({}, document)}
    unnamed = {path for path, line in shown.items() if line["label"] == path}
    assert unnamed == {"scope"}  # it is the key of the budget, and never a line of it
    words = {path: line["after_words"] for path, line in shown.items()}
    assert words["active.weekdays"] == "Saturday, Sunday"
    assert (words["diminishing.per"], words["caps.1.period"], words["expiry.round_to"]) == ("day", "week", "year")
    assert (words["caps.1.per"], words["caps.1.unit"]) == ("all members together", "times")
    assert (words["clawback.good_faith"], words["clawback"]) == ("only what still waits", "what can be spent too")
    assert (words["review"], words["action"], words["factor"]) == ("yes", "awards wait until somebody confirms", "2")
