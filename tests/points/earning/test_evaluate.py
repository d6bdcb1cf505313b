"""The pure core: worth, explanation, windows, expiry."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from points.earning.defaults import DEFAULT_RULES
from points.earning.documents import read_document
from points.earning.evaluate import RuleSet, RuleVersion, dry_run
from points.earning.event_types import Facts
from points.earning.explain import Line
from points.earning.formulas import plain, round_half_up
from points.earning.periods import FIRST_MOMENT, FOREVER, Active, Expiry, Pending, period_start

ZONE = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
CHARTER = RuleSet([RuleVersion(key, 1, read_document(document)) for key, document in DEFAULT_RULES.items()])


def paid(kind: str, **facts: int | str) -> list[tuple[str, int, list[str]]]:
    found = dry_run(CHARTER, Facts(kind, NOON, facts), ZONE)
    return [(award.rule.key, award.points, award.explanation) for award in found]


@pytest.mark.parametrize(
    ("kind", "facts", "expected"),
    [
        (
            "tip.outcome",
            {"stage": "adopted", "grade": 0, "share": 100},
            ("tip-outcome", 20, ["stage adopted: 20"]),
        ),
        (
            "tip.outcome",
            {"stage": "adopted", "grade": 2, "share": 50},
            ("tip-outcome", 15, ["stage adopted: 20", "grade 2: × 1.5", "share 50 %: × 0.5"]),
        ),
        (
            "tip.outcome",
            {"stage": "malicious", "grade": 5, "share": 1},
            ("tip-outcome", -50, ["stage malicious: -50"]),
        ),
        ("member.login", {}, ("member-login", 1, ["each time: 1"])),
        ("quiz.result", {"score": 17, "max_score": 20}, ("quiz-result", 20, ["score 85 %: 20"])),
        ("quiz.result", {"score": 2, "max_score": 3}, ("quiz-result", 10, ["score 66.67 %: 10"])),
        ("activity.attended", {}, ("activity-attended", 10, ["each time: 10"])),
        ("points.credit", {"points": 77, "label": "bonus"}, ("points-credit", 77, ["points given: 77"])),
        ("check.in", {"streak": 6, "streak_day": 6}, ("daily-check-in", 5, ["day 6 of the streak: 5"])),
        ("check.in", {"streak": 7, "streak_day": 7}, ("daily-check-in", 30, ["day 7 of the streak: 30"])),
    ],
)
def test_the_charter_pays_and_explains(kind, facts, expected):
    assert paid(kind, **facts) == [expected]


@given(
    st.sampled_from(["received", "adopted", "solved", "rejected", "overturned", "malicious"]),
    st.integers(0, 5),
    st.integers(1, 100),
)
def test_evaluating_twice_gives_the_same(stage, grade, share):
    assert paid("tip.outcome", stage=stage, grade=grade, share=share) == paid(
        "tip.outcome", stage=stage, grade=grade, share=share
    )


def test_the_highest_version_that_had_begun_is_in_force():
    document = read_document(DEFAULT_RULES["member-login"])
    first = RuleVersion("member-login", 1, document)
    second = RuleVersion(
        "member-login", 2, document, datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
    )
    rules = RuleSet([second, first])
    assert rules.in_force("member.login", datetime(2025, 12, 31, tzinfo=UTC)) == [first]
    assert rules.in_force("member.login", datetime(2026, 1, 1, tzinfo=UTC)) == [second]
    assert rules.in_force("member.login", datetime(2026, 6, 1, tzinfo=UTC)) == []


@pytest.mark.parametrize(("number", "rounded"), [("0.5", 1), ("1.49", 1), ("2.5", 3), ("-0.5", -1), ("24.0", 24)])
def test_halves_are_rounded_up(number, rounded):
    assert round_half_up(Decimal(number)) == rounded


@pytest.mark.parametrize(("number", "text"), [("1.50", "1.5"), ("2E+1", "20"), ("100", "100"), ("-50", "-50")])
def test_numbers_are_written_plainly(number, text):
    assert plain(Decimal(number)) == text


@pytest.mark.parametrize(
    ("period", "start"),
    [
        ("hour", datetime(2026, 12, 31, 16, 0, tzinfo=UTC)),
        ("day", datetime(2026, 12, 31, 16, 0, tzinfo=UTC)),
        ("week", datetime(2026, 12, 27, 16, 0, tzinfo=UTC)),
        ("month", datetime(2026, 12, 31, 16, 0, tzinfo=UTC)),
        ("total", FIRST_MOMENT),
    ],
)
def test_periods_begin_by_the_calendar_of_the_zone(period, start):
    assert period_start(period, datetime(2026, 12, 31, 16, 30, tzinfo=UTC), ZONE) == start


@pytest.mark.parametrize(
    ("expiry", "moment"),
    [
        (Expiry("end_of_next_year"), datetime(2027, 12, 31, 16, 0, tzinfo=UTC)),
        (Expiry("days", 10), datetime(2026, 12, 3, 4, 0, tzinfo=UTC)),
        (Expiry("days", 10, "month"), datetime(2026, 12, 31, 16, 0, tzinfo=UTC)),
        (Expiry("months", 3), datetime(2027, 2, 23, 4, 0, tzinfo=UTC)),
        (Expiry("months", 3, "month"), datetime(2027, 2, 28, 16, 0, tzinfo=UTC)),
        (Expiry("months", 13, "year"), datetime(2027, 12, 31, 16, 0, tzinfo=UTC)),
        (Expiry("never"), FOREVER),
    ],
)
def test_points_expire_when_the_rule_says(expiry, moment):
    assert expiry.expires_at(NOON, ZONE) == moment


def test_a_month_added_to_its_31st_ends_with_the_shorter_month():
    assert Expiry("months", 3).expires_at(datetime(2026, 11, 30, 4, tzinfo=UTC), ZONE) == datetime(
        2027, 2, 28, 4, tzinfo=UTC
    )


def test_a_year_turns_by_the_zone():
    last_second = datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC)
    assert Expiry().expires_at(last_second, ZONE).year == 2027
    assert Expiry().expires_at(last_second.replace(hour=16), ZONE).year == 2028


def test_a_window_has_days_weekdays_and_hours():
    window = Active(date(2026, 11, 23), date(2026, 11, 29), frozenset({1, 7}), ((8, 12), (20, 24)))
    assert window.holds(datetime(2026, 11, 23, 8, 0, tzinfo=ZONE))
    assert window.holds(datetime(2026, 11, 29, 23, 59, tzinfo=ZONE))
    assert not window.holds(datetime(2026, 11, 23, 12, 0, tzinfo=ZONE))
    assert not window.holds(datetime(2026, 11, 24, 8, 0, tzinfo=ZONE))
    assert not window.holds(datetime(2026, 11, 30, 8, 0, tzinfo=ZONE))


def test_pending_counts_from_the_booking():
    assert Pending("days", 7).available_at(NOON) == datetime(2026, 11, 30, 4, 0, tzinfo=UTC)
    assert Pending().available_at(NOON) == NOON
    assert Pending("until_confirmed").available_at(NOON) is None


def test_a_line_survives_being_stored():
    line = Line("times", ("grade", "2", "1.5"))
    assert Line.read(line.stored()) == line
    assert line.text == "grade 2: × 1.5"
