"""What rules have cost, added up beforehand, is what the ledger holds, whenever it was added up and whoever asks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from mall.db import Login
from points.earning.rule_costs import costs_this_month, keep_costs, minted_by_day

ZONES = [ZoneInfo("Asia/Shanghai"), ZoneInfo("Asia/Kathmandu")]
"""Days that begin on a full hour, and a quarter past it."""
MONTH = datetime(2026, 10, 31, 16, 0, tzinfo=UTC)
"""Where November begins in the mall's zone."""
FROM_THE_LEDGER = text(
    "SELECT a.rule_key, (p.posted_at AT TIME ZONE :zone)::date,"
    " sum(CASE WHEN p.debit = 'issued' THEN p.points ELSE -p.points END)::int8"
    " FROM ledger.postings p JOIN sources.awards a ON a.award_id = p.award_id"
    " WHERE p.debit = 'issued' OR p.credit = 'reversed' GROUP BY 1, 2"
)
KEPT = text("SELECT coalesce(sum(points), 0)::int8 FROM sources.rule_minted")


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    steps=st.lists(
        st.tuples(
            st.integers(0, 3 * 24 * 60),
            st.sampled_from(["adopted", "solved", "rejected", "activity", "count"]),
            st.integers(0, 1),
        ),
        max_size=12,
    ),
    zone=st.sampled_from(ZONES),
)
def test_costs_are_those_of_the_ledger_to_the_point(mall, restore, steps, zone):
    restore()
    moment = MONTH - timedelta(days=2)
    for place, (minutes, deed, case) in enumerate(steps):
        moment += timedelta(minutes=minutes)
        if deed == "count":
            keep_costs(moment, zone)
        elif deed == "activity":
            mall.book(mall.event(f"e{place}", "activity.attended", moment, f"a{place}"), now=moment)
        else:
            mall.book(mall.tip(f"e{place}", deed, moment, case=f"c{case}"), now=moment)
    told = mall.run(Login.OWNER, lambda tx: tx.execute(FROM_THE_LEDGER, {"zone": zone.key}).all())
    first = date(2026, 11, 1)

    def by_rule(tx):
        return costs_this_month(tx, MONTH + timedelta(days=3), ZONES[0])

    if zone is ZONES[0]:
        rules = {key for key, day, _points in told if day >= first}
        wanted = {key: sum(points for rule, day, points in told if rule == key and day >= first) for key in rules}
        assert mall.run(Login.EARNING, by_rule) == wanted
    for rule in (None, "tip-outcome"):
        listed = [(day, points) for key, day, points in told if rule in (None, key)]
        days = {day: sum(points for one, points in listed if one == day) for day, _points in listed}
        found = mall.run(Login.EARNING, lambda tx, rule=rule: minted_by_day(tx, MONTH - timedelta(days=9), zone, rule))
        assert found == days


def test_only_what_is_over_for_ten_minutes_is_added_up_and_only_once(mall):
    moment = mall.noon + timedelta(minutes=14)
    mall.book(mall.event("a", "activity.attended", moment, "a"), now=moment)
    assert keep_costs(mall.noon + timedelta(minutes=24), ZONES[0]) == 0
    assert mall.run(Login.EARNING, lambda tx: tx.scalar(KEPT)) == 0
    for _again in range(2):
        keep_costs(mall.noon + timedelta(minutes=25), ZONES[0])
        assert mall.run(Login.EARNING, lambda tx: tx.scalar(KEPT)) == 10
    mall.run(Login.OWNER, lambda tx: tx.execute(text("UPDATE sources.rule_minted SET points = 11")))
    found = mall.run(Login.EARNING, lambda tx: costs_this_month(tx, moment, ZONES[0]))
    assert found == {"activity-attended": 11}  # what was added up is not read again
