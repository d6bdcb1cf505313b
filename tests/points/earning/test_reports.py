"""First report, corroborating report and duplicate of one case: shares that the admin sets."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from mall.db import Login
from points.earning.documents import DocumentInvalid, read_document

RULE = {
    "event": "tip.outcome",
    "points": {"base": {"by": "stage", "equal": {"received": 0, "adopted": 20, "solved": 100, "malicious": -50}}},
    "corroboration": {"corroborating": 40, "duplicate": 10},
    "visibility": "confidential",
}
LATER = timedelta(minutes=1)


def tips(mall, *steps):
    """``who stage`` in the order booked, all of one case."""
    return [
        mall.tip(f"{place}-{step}", step.split()[1], mall.noon + place * timedelta(seconds=1), member=step.split()[0])
        for place, step in enumerate(steps)
    ]


def test_the_first_is_paid_in_full_a_corroborating_report_in_part_and_a_duplicate_little(mall):
    mall.publish("tip-outcome", RULE)
    steps = tips(mall, "a received", "b received", "a adopted", "c received", "b adopted", "c adopted", "a solved")
    outcomes = mall.book(*steps)
    assert [one.body["points"] for one in outcomes] == [0, 0, 20, 0, 8, 2, 80]
    assert outcomes[4].body["awards"][0]["explanation"] == ["stage adopted: 20", "report corroborating: × 0.4"]
    assert outcomes[5].body["awards"][0]["explanation"] == ["stage adopted: 20", "report duplicate: × 0.1"]


def test_one_by_one_it_is_the_same_and_a_role_stays_with_its_report(mall):
    mall.publish("tip-outcome", RULE)
    steps = tips(mall, "a received", "b received", "a adopted", "c received", "b solved", "c solved", "b malicious")
    assert [mall.points(step)[0] for step in steps] == [0, 0, 20, 0, 40, 10, -90]
    assert mall.reverse("2-a adopted").body["points"] == -20
    assert mall.points(mall.tip("again", "adopted", mall.noon + LATER, member="c")) == [-8]


def test_another_case_and_another_source_have_a_first_of_their_own(mall):
    from points.earning.event_types import EventSource

    mall.publish("tip-outcome", RULE)
    assert mall.points(mall.tip("a", "adopted"), mall.tip("b", "adopted", case="t2", member="u-2")) == [20, 20]
    assert mall.points(mall.tip("a", "adopted", member="u-9"), source=EventSource("cli_other")) == [20]
    assert mall.points(mall.tip("c", "adopted", member="u-3")) == [2]


def test_without_a_rule_that_asks_nothing_is_written_down(mall):
    mall.book(mall.tip("a", "adopted"), mall.tip("b", "adopted", member="u-2"))
    assert (mall.balance("u-1").available, mall.balance("u-2").available) == (20, 20)
    count = text("SELECT count(*) FROM sources.reports")
    assert mall.run(Login.EARNING, lambda tx: tx.execute(count).scalar()) == 0


def test_of_twenty_members_at_once_exactly_one_is_first(mall, at_once):
    mall.publish("tip-outcome", RULE)
    results = at_once([lambda i=i: mall.points(mall.tip(f"e{i}", "adopted", member=f"u-{i}")) for i in range(20)])
    assert sorted(results) == [[2]] * 19 + [[20]]


@pytest.mark.parametrize(
    ("part", "event", "path"),
    [
        ({"first": 101}, "tip.outcome", "corroboration.first"),
        ({"second": 1}, "tip.outcome", "corroboration.second"),
        ({"first": 100}, "activity.attended", "corroboration"),
    ],
)
def test_a_bad_part_is_refused_by_its_path(part, event, path):
    document = {"event": event, "points": {"base": {"fixed": 1}}, "corroboration": part, "visibility": "public"}
    with pytest.raises(DocumentInvalid) as refused:
        read_document(document)
    assert list(refused.value.errors) == [path]
