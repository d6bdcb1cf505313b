"""Labels of credited points, and the proof of the ledger, over the back office's API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from mall.db import Login

URL = "/api/v1/admin/labels"


@pytest.fixture
def rules(make_staff: Callable[..., Any]) -> Any:
    """Somebody of the rules role."""
    return make_staff("rules")


def _credit(client: FlaskClient, source: Any, label: str) -> Any:
    event = {
        "id": f"credit/{label}", "type": "points.credit", "member": "u-1", "occurred_at": "2026-01-05T10:00:00Z",
        "data": {"points": 5, "label": label},
    }  # fmt: skip
    return client.post("/api/v1/credit-events", json=event, headers=source.auth)


def test_a_new_database_has_three_labels(client: FlaskClient, rules: Any) -> None:
    answer = client.get(URL, headers=rules.auth)
    assert [one["code"] for one in answer.json["items"]] == ["bonus", "correction", "thanks"]


def test_a_new_label_may_be_used_at_once_and_a_retired_one_no_longer(
    client: FlaskClient, rules: Any, make_client: Callable[..., Any]
) -> None:
    source = make_client(["credits:write", "credits:explicit"])
    assert _credit(client, source, "volunteer").status_code == 422
    label = {"code": "volunteer", "name": {"zh": "志愿者", "en": "Volunteer"}}
    made = client.post(URL, json=label, headers=rules.auth)
    assert (made.status_code, made.json["id"], made.json["active"]) == (201, "volunteer", True)
    assert _credit(client, source, "volunteer").status_code == 201
    retired = client.patch(f"{URL}/bonus", json={"active": False}, headers=rules.auth)
    assert (retired.status_code, retired.json["active"]) == (200, False)
    refused = _credit(client, source, "bonus")
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["data.label"])


def test_a_label_that_is_there_is_a_conflict_and_changes_nothing(
    client: FlaskClient, rules: Any, run: Callable[..., Any]
) -> None:
    answer = client.post(URL, json={"code": "bonus", "name": "x"}, headers=rules.auth)
    assert (answer.status_code, answer.json["code"]) == (409, "label_exists")
    stored = text("SELECT name ->> 'en' FROM credit_labels WHERE code = 'bonus'")
    assert run(Login.OWNER, lambda tx: tx.execute(stored).scalar()) != "x"
    assert client.patch(f"{URL}/nothing", json={"active": True}, headers=rules.auth).status_code == 404


def test_an_auditor_proves_the_ledger(
    client: FlaskClient, make_staff: Callable[..., Any], make_member: Callable[..., Any], run: Callable[..., Any]
) -> None:
    member, auditor = make_member(), make_staff("auditor")
    headers = {**member.auth, "Idempotency-Key": "k"}
    assert client.post("/api/v1/me/checkin", headers=headers).status_code == 201
    url = "/api/v1/admin/ledger/verification"
    good = client.get(url, headers=auditor.auth).json
    assert (good["ok"], good["bad"], good["wallets"]) == (True, None, 1)
    run(Login.OWNER, lambda tx: tx.execute(text("UPDATE ledger.wallets SET version = version + 1")))
    found = client.get(url, headers=auditor.auth).json
    assert found["ok"] is False
    assert member.id in found["bad"]
