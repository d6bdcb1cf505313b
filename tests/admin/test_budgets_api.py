"""Budgets over the back office's API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import text

from mall.db import Login

URL = "/api/v1/admin/budgets"
BUDGET = {"period": "total", "limit_points": 40, "action": "stop"}


def _credit(client: FlaskClient, source: Any, name: str) -> Any:
    event = {
        "id": name, "type": "points.credit", "member": "u-1", "occurred_at": "2026-01-05T10:00:00Z",
        "data": {"points": 30, "label": "bonus"},
    }  # fmt: skip
    return client.post("/api/v1/credit-events", json=event, headers=source.auth).json["points"]


def test_a_budget_is_set_seen_and_lifted_with_its_figures(
    client: FlaskClient, make_staff: Callable[..., Any], make_client: Callable[..., Any], run: Callable[..., Any]
) -> None:
    rules, source = make_staff("rules"), make_client(["credits:write", "credits:explicit"])
    assert _credit(client, source, "before") == 30
    made = client.put(f"{URL}/programme", json=BUDGET, headers=rules.auth)
    assert made.status_code == 200
    assert {name: made.json[name] for name in ("scope", "used_points", "used_percent", "warned", "points_a_day")} == {
        "scope": "programme", "used_points": 30, "used_percent": 75, "warned": False, "points_a_day": 30,
    }  # fmt: skip
    assert _credit(client, source, "after") == 10
    seen = client.get(f"{URL}/programme", headers=make_staff("auditor").auth).json
    assert (seen["used_points"], seen["used_percent"], seen["warned"]) == (40, 100, True)
    assert seen["runs_out_on"] is not None
    assert [one["id"] for one in client.get(URL, headers=rules.auth).json["items"]] == ["programme"]
    assert client.delete(f"{URL}/programme", headers=rules.auth).status_code == 204
    assert client.get(f"{URL}/programme", headers=rules.auth).status_code == 404
    assert _credit(client, source, "free") == 30
    trail = text(
        "SELECT action FROM audit_entries WHERE subject = 'budget:programme' AND actor <> 'system' ORDER BY id"
    )
    assert list(run(Login.OWNER, lambda tx: tx.scalars(trail).all())) == ["budget.set", "budget.lifted"]


def test_a_budget_of_nothing_known_or_a_bad_one_is_refused(client: FlaskClient, make_staff: Callable[..., Any]) -> None:
    rules = make_staff("rules")
    assert client.put(f"{URL}/no-such-rule", json=BUDGET, headers=rules.auth).status_code == 404
    for change, name in (
        ({"period": "day"}, "period"),
        ({"limit_points": -1}, "limit_points"),
        ({"action": "x"}, "action"),
    ):
        answer = client.put(f"{URL}/programme", json={**BUDGET, **change}, headers=rules.auth)
        assert (answer.status_code, list(answer.json["errors"])) == (422, [name])
    assert client.get(URL, headers=rules.auth).json["items"] == []
    assert client.put(f"{URL}/programme", json=BUDGET, headers=make_staff("catalog").auth).status_code == 403
