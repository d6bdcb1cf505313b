"""The log of what reporting systems ask: written aside, without bodies and ids, kept for 30 days."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from mall import request_log
from mall.db import Login
from mall.errors import Unavailable
from mall.jobs import run_job
from mall.webhooks.models import WebhookDelivery

EVENTS = "/api/v1/credit-events"
ADMIN = "/api/v1/admin"
TIP = {
    "id": "secret-tip/1", "type": "tip.outcome", "member": "u-1", "occurred_at": "2026-01-06T10:00:00+08:00",
    "data": {"case": "secret-tip", "stage": "adopted"},
}  # fmt: skip


@pytest.fixture
def written(app: Flask) -> Callable[[], int]:
    """Writes what has gathered in this process since the test began, as its thread does."""
    app.extensions["request_log"]._lines.clear()
    return app.extensions["request_log"].flush


def test_each_call_of_a_client_is_a_line_without_bodies_or_ids(
    client: FlaskClient, make_client: Callable[..., Any], make_staff: Any, make_member: Any, written: Any, run: Any
) -> None:
    source, other, owner, auditor = make_client(), make_client(), make_staff(), make_staff("auditor")
    client.post(EVENTS, json=TIP, headers=source.auth)
    client.get(f"{EVENTS}/secret-tip/1", headers=source.auth)
    client.post(EVENTS, json={"id": "x"}, headers=source.auth)
    client.get(f"{EVENTS}?limit=1", headers=other.auth)
    client.get("/api/v1/me", headers=make_member().auth)
    client.get(EVENTS, headers={"Authorization": "Bearer mall_live_" + "x" * 43})
    assert client.delete(f"{ADMIN}/api-clients/{source.id}/keys/{source.key_id}", headers=owner.auth).status_code == 204
    assert client.get(EVENTS, headers=source.auth).status_code == 401
    assert written() == 5
    listed = client.get(f"{ADMIN}/api-clients/{source.id}/requests", headers=auditor.auth).json["items"]
    assert [(one["method"], one["route"], one["status"]) for one in listed] == [
        ("GET", "/api/v1/credit-events", 401),
        ("POST", "/api/v1/credit-events", 422),
        ("GET", "/api/v1/credit-events/<opaque:event_id>", 200),
        ("POST", "/api/v1/credit-events", 201),
    ]
    assert all(one["request_id"].startswith("req_") and one["ms"] > 0 for one in listed)
    refused = client.get(f"{ADMIN}/api-clients/{source.id}/requests?outcome=refused", headers=owner.auth).json["items"]
    assert [one["status"] for one in refused] == [401, 422]
    rows = run(Login.OWNER, lambda tx: tx.scalars(text("SELECT r::text FROM api_requests r")).all())
    assert len(rows) == 5 and not any("secret" in row or "u-1" in row for row in rows)
    assert client.get(f"{ADMIN}/api-clients/cli_none/requests", headers=owner.auth).status_code == 404
    state = client.get(f"{ADMIN}/integrations", headers=auditor.auth).json
    mine = next(one for one in state["clients"] if one["id"] == source.id)
    assert (mine["live_keys"], mine["calls"]) == (0, {"all": 4, "refused": 2, "failed": 0})
    assert state["payment"]["mode"] is None and state["payment"]["unsettled_events"] == 0


def test_lines_wait_while_the_database_is_away_and_the_oldest_go_first(
    app: Flask, monkeypatch: pytest.MonkeyPatch, run: Any
) -> None:
    log = request_log.RequestLog(app)
    monkeypatch.setattr(request_log, "MOST_WAITING", 3)
    for number in range(5):
        log.note((number, "cli_x", "GET", "/r", 200, 15, f"req_{number}"))
    monkeypatch.setattr(request_log, "run_tx", _away)
    with pytest.raises(Unavailable):
        log.flush()
    monkeypatch.undo()
    assert (log.flush(), log.flush()) == (3, 0)
    kept = run(Login.OWNER, lambda tx: tx.scalars(text("SELECT request_id FROM api_requests ORDER BY id")).all())
    assert kept == ["req_2", "req_3", "req_4"]


def _away(*_args: Any) -> None:
    raise Unavailable("database_unavailable")


def test_lines_are_forgotten_after_thirty_days(app: Flask, monkeypatch: pytest.MonkeyPatch, run: Any) -> None:
    now, log = datetime.now(UTC), request_log.RequestLog(app)
    monkeypatch.setattr(request_log, "FORGOTTEN_AT_ONCE", 2)
    for days in (33, 32, 31, 29):
        moment = (now - timedelta(days=days)).timestamp()
        log.note((moment, "cli_x", "GET", "/r", 200, 15, f"req_{days}"))
    log.flush()
    assert run_job("forget-api-requests", now) == {"forgotten": 3}
    assert run_job("forget-api-requests", now) == {}
    assert run(Login.OWNER, lambda tx: tx.scalars(text("SELECT request_id FROM api_requests")).all()) == ["req_29"]


def test_staff_read_the_hour_of_calls_that_changed_something_and_the_moment_of_all_others(
    app: Flask, client: FlaskClient, make_client: Any, make_staff: Any
) -> None:
    source, auditor, log = make_client(), make_staff("auditor"), request_log.RequestLog(app)
    moment = datetime(2026, 11, 30, 7, 41, 12, tzinfo=UTC)
    for method, status in (("POST", 201), ("POST", 422), ("GET", 200), ("POST", 500)):
        log.note((moment.timestamp(), source.id, method, "/r", status, 15, f"req_{method}_{status}"))
    log.flush()
    listed = client.get(f"{ADMIN}/api-clients/{source.id}/requests", headers=auditor.auth).json["items"]
    assert {(one["method"], one["status"]): one["at"] for one in listed} == {
        ("POST", 201): "2026-11-30T07:00:00+00:00", ("POST", 422): "2026-11-30T07:41:12+00:00",
        ("GET", 200): "2026-11-30T07:41:12+00:00", ("POST", 500): "2026-11-30T07:41:12+00:00",
    }  # fmt: skip


def test_a_credit_that_was_delivered_is_told_by_its_hour() -> None:
    moment = datetime(2026, 11, 30, 7, 41, 12, tzinfo=UTC)
    hour = moment.replace(minute=0, second=0)
    for kind, state, told in (
        ("credit.booked", "delivered", hour),
        ("credit.booked", "failed", moment),
        ("order.confirmed", "delivered", moment),
    ):
        assert WebhookDelivery(type=kind, state=state, created_at=moment).told("created_at") == told
    assert WebhookDelivery(type="credit.booked", state="delivered", delivered_at=None).told("delivered_at") is None
