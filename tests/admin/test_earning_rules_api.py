"""Earning rules over the back office's API: the whole way of a change, who may go it, and what is refused."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from points.earning.defaults import DEFAULT_RULES

URL = "/api/v1/admin/earning-rules"
TIP = f"{URL}/tip-outcome"
NEW = {
    "key": "fair-day", "title": {"zh": "集市日", "en": "Fair day"},
    "document": {"event": "activity.attended", "points": {"base": {"fixed": 7}}, "visibility": "public"},
}  # fmt: skip


def _solved(points: int) -> dict[str, Any]:
    document = copy.deepcopy(DEFAULT_RULES["tip-outcome"])
    document["points"]["base"]["equal"]["solved"] = points
    return document


@pytest.fixture
def rules(make_staff: Callable[..., Any]) -> Any:
    """Somebody of the rules role."""
    return make_staff("rules")


class Desk:
    """Calls of one member of staff; the answer's status and body."""

    def __init__(self, client: FlaskClient, person: Any) -> None:
        self.client, self.auth = client, {**person.auth, "Accept-Language": "en"}

    def get(self, url: str) -> Any:
        return self.client.get(url, headers=self.auth).json

    def post(self, url: str, body: Any = None) -> tuple[int, Any]:
        answer = self.client.post(url, json=body, headers=self.auth) if body is not None else self.client.post(
            url, headers=self.auth
        )  # fmt: skip
        return answer.status_code, answer.json

    def patch(self, url: str, body: Any) -> tuple[int, Any]:
        answer = self.client.patch(url, json=body, headers=self.auth)
        return answer.status_code, answer.json


def test_a_new_database_lists_the_rules_of_the_charter(client: FlaskClient, rules: Any) -> None:
    listed = Desk(client, rules).get(URL)["items"]
    assert [one["key"] for one in listed] == sorted(DEFAULT_RULES)
    assert {(one["state"], one["version"], one["open_version"]) for one in listed} == {("in_force", 1, None)}


def test_a_change_goes_its_whole_way_and_back(
    client: FlaskClient, rules: Any, make_client: Callable[..., Any], make_staff: Callable[..., Any]
) -> None:
    desk, second, source = Desk(client, rules), Desk(client, make_staff("rules")), make_client(["credits:write"])

    def tip(case: str) -> Any:
        data = {"case": case, "stage": "solved", "grade": 1}
        at = datetime.now(UTC).isoformat()
        event = {"id": case, "type": "tip.outcome", "member": "u-1", "occurred_at": at, "data": data}
        return client.post("/api/v1/credit-events", json=event, headers={**source.auth, "Accept-Language": "en"}).json

    status, draft = desk.post(f"{TIP}/versions", {"document": _solved(120)})
    assert (status, draft["version"], draft["standing"], draft["based_on"]) == (201, 2, "draft", 1)
    compared = desk.get(f"{TIP}/versions/2/compare")
    assert compared["with"] == 1
    assert [(one["label"], one["before"], one["after"]) for one in compared["differences"]] == [
        ("Points for solved", "100", "120")
    ]
    assert compared["weight"]["largest_award_points"] == 360
    status, tried = desk.post(f"{TIP}/versions/2/example", {"facts": {"stage": "solved", "grade": 1}})
    assert status == 200
    assert tried["draft"] == {"points": 144, "lines": ["stage solved: 120", "grade 1: × 1.2"]}
    assert tried["published"]["points"] == 120
    assert desk.post(f"{TIP}/versions/2/submit")[1]["standing"] == "submitted"
    status, problem = desk.post(f"{TIP}/versions/2/approve")
    assert (status, problem["code"]) == (409, "own_draft")
    assert second.post(f"{TIP}/versions/2/approve")[1]["standing"] == "approved"
    assert desk.post(f"{TIP}/versions/2/publish")[1]["standing"] == "in_force"
    paid = tip("t-1")
    assert (paid["points"], paid["awards"][0]["rule_version"]) == (144, 2)
    assert paid["awards"][0]["explanation"] == ["stage solved: 120", "grade 1: × 1.2"]
    status, back = desk.post(f"{TIP}/versions/1/rollback")
    assert (status, back["version"], back["based_on"], back["standing"]) == (201, 3, 1, "in_force")
    assert tip("t-2")["points"] == 120
    auditor = Desk(client, make_staff("auditor"))
    deeds = auditor.get("/api/v1/admin/audit?subject=earning-rule:*&action=earning_rule.*")["items"]
    assert [one["action"].removeprefix("earning_rule.") for one in reversed(deeds)] == [
        "drafted", "submitted", "approved", "published", "rolled_back",
    ]  # fmt: skip
    assert [one["actor"] for one in deeds].count(f"staff:{rules.id}") == 4
    assert auditor.get(f"{TIP}/history")["items"] == deeds


def test_a_new_rule_is_a_draft_first_and_pays_beside_the_others_once_published(client: FlaskClient, rules: Any) -> None:
    desk = Desk(client, rules)
    status, made = desk.post(URL, NEW)
    assert (status, made["id"], made["state"], made["version"], made["open_version"]) == (
        201, "fair-day", "draft", None, 1,
    )  # fmt: skip
    assert desk.post(URL, NEW)[1]["code"] == "rule_exists"
    at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert desk.post(f"{URL}/fair-day/versions/1/publish", {"at": at})[1]["standing"] == "scheduled"
    assert desk.get(f"{URL}/fair-day")["next_version"] == 1
    assert desk.post(f"{URL}/fair-day/versions/1/retire")[1]["standing"] == "withdrawn"
    assert desk.patch(f"{URL}/fair-day", {"title": "Fair"})[1]["title"] == {"zh": "Fair"}


def test_what_is_wrong_is_named_in_the_readers_language(client: FlaskClient, rules: Any) -> None:
    desk = Desk(client, rules)
    status, draft = desk.post(f"{TIP}/versions")
    assert (status, draft["document"]["visibility"]) == (201, "confidential")
    body = {"revision": 1, "document": {**_solved(1), "condition": "grade > 'a'"}}
    status, problem = desk.patch(f"{TIP}/versions/2", body)
    assert (status, problem["errors"]) == (
        422, {"document.condition": ["line 1, column 7: > cannot be used on: int, string"]},
    )  # fmt: skip
    desk.auth["Accept-Language"] = "zh"
    assert desk.patch(f"{TIP}/versions/2", body)[1]["errors"] == {
        "document.condition": ["第 1 行第 7 列：> 不能用于：int, string"]
    }
    assert desk.get(f"{TIP}/versions/2")["revision"] == 1
    status, problem = desk.post(f"{TIP}/versions/2/example", {"facts": {"grade": 9, "colour": 1}})
    assert (status, sorted(problem["errors"])) == (422, ["facts.colour", "facts.grade"])
    status, problem = desk.patch(f"{TIP}/versions/2", {"revision": 7, "document": _solved(1)})
    assert (status, problem["code"], problem["revision"]) == (409, "edited_meanwhile", 1)


@pytest.mark.parametrize("role", ["auditor", "catalog", "fulfilment"])
def test_only_the_rules_role_changes_rules(client: FlaskClient, make_staff: Callable[..., Any], role: str) -> None:
    desk = Desk(client, make_staff(role))
    for path in ("publish", "submit", "approve", "rollback", "retire", "discard"):
        assert desk.post(f"{TIP}/versions/1/{path}")[0] == 403
    assert desk.post(URL, NEW)[0] == 403
    assert desk.patch("/api/v1/admin/rule-controls", {"backtest_required": True})[0] == 403
    assert client.get(URL, headers=desk.auth).status_code == (200 if role == "auditor" else 403)


def test_only_an_owner_sets_the_limits(client: FlaskClient, rules: Any, make_staff: Callable[..., Any]) -> None:
    url, body = "/api/v1/admin/rule-controls", {"approve_above_award_points": 5, "approve_above_minted_points": None}
    assert Desk(client, rules).patch(url, body)[0] == 403
    assert Desk(client, make_staff("owner")).patch(url, body)[0] == 200
    assert Desk(client, rules).get(url) == {**body, "backtest_budget_points": None, "backtest_required": False}
