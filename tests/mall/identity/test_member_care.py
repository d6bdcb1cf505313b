"""Notes that stay and are never shown to the member; freezing that holds at once and ends when it should."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from mall.db import Login
from mall.jobs import run_job

ADMIN = "/api/v1/admin/members"


@pytest.fixture
def rules(make_staff: Callable[..., Any]) -> Any:
    """Somebody who looks after members."""
    return make_staff("rules")


def test_notes_are_kept_for_staff_of_two_roles_and_go_with_the_member(
    client: FlaskClient, rules: Any, make_staff: Callable[..., Any], make_member: Callable[..., Any], run: Any
) -> None:
    member = make_member()
    url = f"{ADMIN}/{member.id}/notes"
    made = client.post(url, json={"text": "Called twice.\nPatient."}, headers=rules.auth)
    assert (made.status_code, made.json["text"]) == (201, "Called twice.\nPatient.")
    assert made.json["author"] == f"staff:{rules.id}"
    client.post(url, json={"text": "Second"}, headers=rules.auth)
    listed = client.get(url, headers=make_staff("auditor").auth).json["items"]
    assert [note["text"] for note in listed] == ["Second", "Called twice.\nPatient."]
    for role in ("catalog", "fulfilment"):
        assert client.get(url, headers=make_staff(role).auth).status_code == 403
    assert client.post(url, json={"text": "x"}, headers=make_staff("auditor").auth).status_code == 403
    assert "Called" not in client.get("/api/v1/me/export", headers=member.auth).text
    trail = text("SELECT detail::text FROM audit_entries WHERE action = 'member.note_added'")
    assert all("Patient" not in line for line in run(Login.OWNER, lambda tx: tx.scalars(trail).all()))
    assert client.delete("/api/v1/me", headers=member.auth).status_code == 204
    assert run(Login.OWNER, lambda tx: tx.scalar(text("SELECT count(*) FROM member_notes"))) == 0


def test_a_frozen_member_reads_and_does_nothing_until_it_is_over(
    client: FlaskClient, rules: Any, make_member: Callable[..., Any]
) -> None:
    member = make_member()
    url, until = f"{ADMIN}/{member.id}", datetime.now(UTC) + timedelta(hours=1)
    past = {"reason": "odd", "until": (until - timedelta(days=1)).isoformat()}
    assert client.post(f"{url}/freeze", json=past, headers=rules.auth).status_code == 422
    frozen = client.post(f"{url}/freeze", json={"reason": "odd", "until": until.isoformat()}, headers=rules.auth)
    assert (frozen.status_code, frozen.json["status"], frozen.json["reason"]) == (200, "suspended", "odd")
    again = client.post(f"{url}/freeze", json={"reason": "odd"}, headers=rules.auth)
    assert (again.status_code, again.json["code"]) == (409, "already_frozen")
    assert client.post("/api/v1/me/checkin", headers={**member.auth, "Idempotency-Key": "a"}).status_code == 403
    assert client.get("/api/v1/me/balance", headers=member.auth).json["available"] == 0
    assert run_job("lift-freezes", until - timedelta(minutes=1)) == {}
    assert run_job("lift-freezes", until) == {"lifted": 1}
    assert client.get(f"{url}/freeze", headers=rules.auth).json["status"] == "active"
    assert client.post("/api/v1/me/checkin", headers={**member.auth, "Idempotency-Key": "b"}).status_code == 201


def test_a_freeze_without_an_end_is_lifted_by_staff_and_both_are_in_the_audit_trail(
    client: FlaskClient, rules: Any, make_member: Callable[..., Any], run: Any
) -> None:
    member = make_member()
    url = f"{ADMIN}/{member.id}"
    assert client.post(f"{url}/unfreeze", json={"reason": "x"}, headers=rules.auth).json["code"] == "not_frozen"
    client.post(f"{url}/freeze", json={"reason": "two phones"}, headers=rules.auth)
    assert run_job("lift-freezes", datetime.now(UTC) + timedelta(days=999)) == {}
    lifted = client.post(f"{url}/unfreeze", json={"reason": "explained"}, headers=rules.auth)
    assert (lifted.status_code, lifted.json["status"]) == (200, "active")
    trail = text("SELECT action, detail ->> 'reason' FROM audit_entries WHERE subject = :who ORDER BY id")
    rows = run(Login.OWNER, lambda tx: tx.execute(trail, {"who": f"member:{member.id}"}).all())
    assert [tuple(row) for row in rows] == [("member.frozen", "two phones"), ("member.unfrozen", "explained")]
