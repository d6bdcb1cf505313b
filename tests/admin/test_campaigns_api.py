"""Campaigns over the back office's API: drafted, published, retired, and in the audit trail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from mall import clock
from mall.db import Login

URL = "/api/v1/admin/campaigns"
WEEKEND = {"name": {"zh": "周末", "en": "Weekend"}, "factor": "2"}


@pytest.fixture
def rules(make_staff: Callable[..., Any]) -> Any:
    """Somebody of the rules role."""
    return make_staff("rules")


def _tip(client: FlaskClient, source: Any, case: str) -> int:
    event = {
        "id": case, "type": "tip.outcome", "member": "u-1", "occurred_at": clock.now().isoformat(),
        "data": {"case": case, "stage": "solved", "grade": 1},
    }  # fmt: skip
    answer = client.post("/api/v1/credit-events", json=event, headers=source.auth)
    assert answer.status_code == 201, answer.json
    return int(answer.json["points"])


def test_a_campaign_pays_while_it_is_published_and_every_step_is_audited(
    client: FlaskClient, rules: Any, make_client: Callable[..., Any], run: Callable[..., Any]
) -> None:
    source = make_client(["credits:write"])
    made = client.post(URL, json={"key": "double", **WEEKEND}, headers=rules.auth)
    assert (made.status_code, made.json["state"], made.json["document"]) == (201, "draft", WEEKEND)
    assert _tip(client, source, "draft") == 120
    published = client.post(f"{URL}/double/publish", headers=rules.auth)
    assert (published.status_code, published.json["state"]) == (200, "published")
    assert _tip(client, source, "published") == 240
    assert client.post(f"{URL}/double/retire", headers=rules.auth).json["state"] == "retired"
    assert _tip(client, source, "retired") == 120
    trail = text("SELECT action FROM audit_entries WHERE subject = 'campaign:double' ORDER BY id")
    assert list(run(Login.OWNER, lambda tx: tx.scalars(trail).all())) == [
        "campaign.drafted", "campaign.published", "campaign.retired",
    ]  # fmt: skip


def test_what_is_published_does_not_change(client: FlaskClient, rules: Any) -> None:
    client.post(URL, json={"key": "double", **WEEKEND}, headers=rules.auth)
    changed = client.put(f"{URL}/double", json={**WEEKEND, "factor": "3"}, headers=rules.auth)
    assert changed.json["document"]["factor"] == "3"
    published = client.post(f"{URL}/double/publish", headers=rules.auth).json
    for method, path in (("put", ""), ("delete", ""), ("post", "/publish")):
        body = {"json": WEEKEND} if method == "put" else {}
        answer = getattr(client, method)(f"{URL}/double{path}", headers=rules.auth, **body)
        assert (answer.status_code, answer.json["code"]) == (409, "not_a_draft")
    assert client.get(f"{URL}/double", headers=rules.auth).json == published
    assert client.post(f"{URL}/double/retire", headers=rules.auth).status_code == 200
    again = client.post(f"{URL}/double/retire", headers=rules.auth)
    assert (again.status_code, again.json["code"]) == (409, "campaign_not_published")


def test_a_bad_campaign_is_refused_and_nothing_is_kept(client: FlaskClient, rules: Any) -> None:
    for change, path in (
        ({"factor": "1000"}, "factor"),
        ({"rules": ["no-such-rule"]}, "rules"),
        ({"condition": "stage == 'solved'"}, "condition"),
    ):
        answer = client.post(URL, json={"key": "bad", **WEEKEND, **change}, headers=rules.auth)
        assert (answer.status_code, list(answer.json["errors"])) == (422, [path])
    assert client.get(URL, headers=rules.auth).json["items"] == []


def test_a_draft_can_be_thrown_away_and_a_key_used_once(client: FlaskClient, rules: Any, make_staff: Any) -> None:
    client.post(URL, json={"key": "double", **WEEKEND}, headers=rules.auth)
    answer = client.post(URL, json={"key": "double", **WEEKEND}, headers=rules.auth)
    assert (answer.status_code, answer.json["code"]) == (409, "campaign_exists")
    assert client.delete(f"{URL}/double", headers=rules.auth).status_code == 204
    assert client.get(f"{URL}/double", headers=rules.auth).status_code == 404
    assert client.post(URL, json={"key": "x", **WEEKEND}, headers=make_staff("catalog").auth).status_code == 403


def test_a_live_example_says_which_campaigns_would_change_it_and_whether_they_are_on(
    client: FlaskClient, rules: Any
) -> None:
    active = {"weekdays": [6, 7]}
    for key, more in {
        "weekend": {"factor": "2", "active": active},
        "sunday": {"factor": "3", "active": {"weekdays": [7]}},
        "elite": {"factor": "5", "min_level": 4},
        "quiz": {"factor": "5", "rules": ["quiz-result"]},
        "past": {"factor": "5", "active": {"last_day": "2026-01-01"}},
        "idea": {"factor": "5"},
        "stopped": {"factor": "5"},
    }.items():
        client.post(URL, json={"key": key, **WEEKEND, **more}, headers=rules.auth)
        if key != "idea":
            assert client.post(f"{URL}/{key}/publish", headers=rules.auth).status_code == 200
    client.post(f"{URL}/stopped/retire", headers=rules.auth)

    def tried(day: str) -> Any:
        body = {"facts": {"stage": "solved", "grade": 1}, "occurred_at": f"{day}T12:00:00+08:00"}
        path = "/api/v1/admin/earning-rules/tip-outcome/versions/1/example"
        answer = client.post(path, json=body, headers=rules.auth).json
        assert (answer["draft"]["points"], answer["published"]["points"]) == (120, 120)
        return [(one["key"], one["factor"], one["points"], one["applies"]) for one in answer["campaigns"]]

    assert tried("2099-01-05") == [("sunday", "3", 360, False), ("weekend", "2", 240, False)]  # a Monday
    assert tried("2099-01-03") == [("weekend", "2", 240, True), ("sunday", "3", 360, False)]
    assert tried("2099-01-04") == [("sunday", "3", 360, True), ("weekend", "2", 240, False)]
