"""Redemption rules, segments and households over the back office's API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from mall.db import Login
from points.segments.tip_counts import keep_tip_counts

RULES = "/api/v1/admin/redemption-rules"
SEGMENTS = "/api/v1/admin/segments"
LIMIT = {"name": "Three a month", "kind": "limit", "per": "household", "unit": "quantity", "period": "month",
         "amount": 3}  # fmt: skip
A_TIP = (
    """INSERT INTO sources.credit_events (event_key, source_id, fingerprint, box, member_id, case_key, type, facts,
 occurred_at, arrival, posted_at, status, points, awards) VALUES (:key, 'cli_x', :key, :key, :who, :key, 'tip.outcome',
 jsonb_build_object('stage', CAST(:stage AS text)), :at, 1, :at, 'booked', 0, '[]')""",
    """INSERT INTO sources.cases (case_key, source_id, member_id, type, arrivals, anchor_at, deciding_event,
 deciding_at, worth, award_ids) VALUES (:key, 'cli_x', :who, 'tip.outcome', 1, :at, :key, :at, 0, '{}')""",
)


def _trail(run: Callable[..., Any], subject: str) -> list[str]:
    query = text("SELECT action FROM audit_entries WHERE subject LIKE :subject ORDER BY id")
    return list(run(Login.OWNER, lambda tx: tx.scalars(query, {"subject": subject}).all()))


def test_a_rule_is_made_changed_once_and_deleted_with_a_trail(
    client: FlaskClient, make_staff: Callable[..., Any], run: Callable[..., Any]
) -> None:
    rules, auditor = make_staff("rules"), make_staff("auditor")
    made = client.post(RULES, json=LIMIT, headers=rules.auth)
    assert made.status_code == 201
    url = f"{RULES}/{made.json['id']}"
    assert (made.json["version"], made.json["active"], made.json["per"], made.json["min_level"]) == (
        1, True, "household", None,
    )  # fmt: skip
    changed = client.patch(url, json={"version": 1, "amount": 4}, headers=rules.auth)
    assert (changed.status_code, changed.json["amount"], changed.json["period"]) == (200, 4, "month")
    late = client.patch(url, json={"version": 1, "amount": 9}, headers=rules.auth)
    assert (late.status_code, late.json["code"]) == (409, "changed_meanwhile")
    assert client.get(url, headers=auditor.auth).json == changed.json
    assert client.delete(url, headers=auditor.auth).status_code == 403
    assert client.delete(url, headers=rules.auth).status_code == 204
    assert client.get(url, headers=rules.auth).status_code == 404
    assert client.get(RULES, headers=rules.auth).json["items"] == []
    assert _trail(run, "redemption_rule:%") == [f"redemption_rule.{what}" for what in ("created", "changed", "deleted")]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount": None}, "amount"),
        ({"amount": 0}, "amount"),
        ({"period": "decade"}, "period"),
        ({"min_level": 3}, "min_level"),
        ({"gift": "gft_none"}, "gift"),
        ({"above_points": 0}, "above_points"),
        ({"kind": "blackout"}, "per"),
        ({"kind": "membership"}, "min_days"),
        ({"kind": "segment", "segment": "seg_none"}, "segment"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_by_field(
    client: FlaskClient, make_staff: Callable[..., Any], change: dict[str, Any], field: str
) -> None:
    rules = make_staff("rules")
    answer = client.post(RULES, json={**LIMIT, **change}, headers=rules.auth)
    assert answer.status_code == 422 and field in answer.json["errors"]
    assert client.get(RULES, headers=rules.auth).json["items"] == []


def test_a_blackout_says_when(client: FlaskClient, make_staff: Callable[..., Any]) -> None:
    rules, body = make_staff("rules"), {"name": "Holiday", "kind": "blackout"}
    for wrong, field in (
        ({}, "first_day"),
        ({"first_day": "2026-12-02", "last_day": "2026-12-01"}, "last_day"),
        ({"hours": [[20, 8]]}, "hours"),
    ):
        answer = client.post(RULES, json={**body, **wrong}, headers=rules.auth)
        assert (answer.status_code, list(answer.json["errors"])) == (422, [field])
    made = client.post(RULES, json={**body, "first_day": "2026-12-01", "hours": [[8, 20]]}, headers=rules.auth)
    assert (made.json["first_day"], made.json["hours"], made.json["weekdays"]) == ("2026-12-01", [[8, 20]], None)


def _tips_are_counted_by_the_worker(client: FlaskClient, rules: Any, run: Callable[..., Any], members: Any) -> None:
    """In a mall with many tips, whose previews then say of when their figures are."""

    def ask() -> Any:
        asked = {"filter": {"adopted_tips_from": 3}}
        return client.post("/api/v1/admin/segment-previews", json=asked, headers=rules.auth).json

    now = datetime.now(UTC)
    assert run(Login.EARNING, lambda tx: keep_tip_counts(tx, now)) == 0  # few tips: nothing is kept
    put = "INSERT INTO sources.tip_counts VALUES (:id, 4, 3, :at)"
    for who in members[:21]:
        run(Login.OWNER, lambda tx, who=who: tx.execute(text(put), {"id": who.id, "at": now - timedelta(hours=5)}))
    told = ask()
    assert (told["count"], told["exact"]) == (20, False)
    assert datetime.fromisoformat(told["as_of"]) == now - timedelta(hours=5)
    late = text("UPDATE sources.tip_counts SET counted_at = counted_at - interval '1 day'")
    run(Login.OWNER, lambda tx: tx.execute(late))
    assert ask() == {"count": None, "exact": False, "as_of": None}  # too old: counted anew
    for number, stage in enumerate(("adopted", "rejected", "solved", "received")):
        tip = {"key": bytes([number]) * 16, "who": members[0].id, "stage": stage, "at": now}
        run(Login.OWNER, lambda tx, tip=tip: [tx.execute(text(one), tip) for one in A_TIP])
    run(Login.OWNER, lambda tx: tx.execute(text("ANALYZE sources.cases")))
    assert run(Login.EARNING, lambda tx: keep_tip_counts(tx, now, many=4)) == 1
    kept = text("SELECT member_id, judged, adopted, counted_at FROM sources.tip_counts")
    assert run(Login.OWNER, lambda tx: tx.execute(kept).all()) == [(members[0].id, 3, 2, now)]


def test_a_segment_counts_many_and_never_a_few(
    client: FlaskClient, make_staff: Callable[..., Any], make_member: Callable[..., Any], run: Callable[..., Any]
) -> None:
    rules = make_staff("rules")
    members = [make_member() for _ in range(25)]
    put = "INSERT INTO standings VALUES (:id, :points)"
    for number, who in enumerate(members):  # 19 at level 1, 20 at level 1 or 2, five above
        points = 99 if number < 19 else 499 if number < 20 else 500
        run(Login.OWNER, lambda tx, who=who, points=points: tx.execute(text(put), {"id": who.id, "points": points}))

    def count(**asked: Any) -> Any:
        answer = client.post("/api/v1/admin/segment-previews", json={"filter": asked}, headers=rules.auth)
        assert answer.status_code == 200, answer.json
        return answer.json["count"], answer.json["exact"]

    assert count(level_to=1) == (None, False)
    assert count(level_to=2) == (20, True)
    assert count(earned_points_to=499) == (20, True)
    assert count(earned_points_to=498) == (None, False)
    assert count(level_from=1) == count(days_of_membership_to=0) == count(earned_points_from=0) == (25, True)
    assert count(days_of_membership_from=1) == count(households=["nobody's"]) == (None, False)
    # A newcomer's effectiveness is 50 %; where tips count the number is rounded down.
    assert count(effectiveness_from=50) == count(adopted_tips_to=0) == (20, False)
    assert count(effectiveness_from=51) == count(adopted_tips_from=1) == (None, False)
    _tips_are_counted_by_the_worker(client, rules, run, members)
    made = client.post(SEGMENTS, json={"name": "New", "filter": {"level_to": 2}}, headers=rules.auth)
    url = f"{SEGMENTS}/{made.json['id']}"
    assert client.get(f"{url}/preview", headers=make_staff("auditor").auth).json == {
        "count": 20, "exact": True, "as_of": None,
    }  # fmt: skip
    assert client.get(f"{url}/preview", headers=make_staff("catalog").auth).status_code == 403
    for wrong, field in (({}, "filter"), ({"level_from": 3, "level_to": 2}, "filter.level_to")):
        answer = client.patch(url, json={"version": 1, "filter": wrong}, headers=rules.auth)
        assert answer.status_code == 422 and field in str(answer.json["errors"])
    changed = client.patch(url, json={"version": 1, "name": "Newer"}, headers=rules.auth)
    assert (changed.json["version"], changed.json["filter"]) == (2, {"level_to": 2})
    assert client.patch(url, json={"version": 1, "name": "x"}, headers=rules.auth).json["code"] == "changed_meanwhile"
    assert client.delete(url, headers=rules.auth).status_code == 204
    assert _trail(run, "segment:%") == ["segment.created", "segment.changed", "segment.deleted"]


def test_a_household_is_set_by_staff_for_rules_alone(
    client: FlaskClient, make_staff: Callable[..., Any], make_member: Callable[..., Any], run: Callable[..., Any]
) -> None:
    rules, who = make_staff("rules"), make_member()
    url = f"/api/v1/admin/members/{who.id}/household"
    assert client.put(url, json={"household": "block 3"}, headers=make_staff("catalog").auth).status_code == 403
    for tag in ("block 3", "block 3", None):
        assert client.put(url, json={"household": tag}, headers=rules.auth).json == {"household": tag}
    assert client.put(url, json={}, headers=rules.auth).json["errors"].keys() == {"household"}
    assert client.put(url.replace(who.id, "mem_x"), json={"household": "b"}, headers=rules.auth).status_code == 404
    assert _trail(run, f"member:{who.id}") == ["member.household_set"] * 2
