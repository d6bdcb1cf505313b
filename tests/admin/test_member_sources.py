"""Where points came from: two roles, a reason, a fresh sign-in, and an entry of the trail each time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from mall.db import Login

TIP = {"id": "t/1", "type": "tip.outcome", "member": "u-1", "occurred_at": "2026-11-06T10:00:00+08:00",
       "data": {"case": "t-1", "stage": "adopted"}}  # fmt: skip
TRAIL = text("SELECT detail FROM audit_entries WHERE action = 'member.sources_read' ORDER BY id")


@pytest.fixture
def told(client: FlaskClient, make_client: Callable[..., Any], run: Any) -> str:
    """A member of whom a source has told; the id."""
    source = make_client()
    assert client.post("/api/v1/credit-events", json=TIP, headers=source.auth).status_code == 201
    return str(run(Login.OWNER, lambda tx: tx.scalar(text("SELECT member_id FROM sources.source_members"))))


def test_sources_are_read_with_a_reason_and_leave_a_row(
    client: FlaskClient, told: str, make_staff: Callable[..., Any], run: Any
) -> None:
    rules, url = make_staff("rules"), f"/api/v1/admin/members/{told}/sources"
    for body in ({}, {"reason": ""}, {"reason": "x"}):
        assert client.post(url, json=body, headers=rules.auth).status_code == 422
    for role in ("catalog", "fulfilment"):
        assert client.post(url, json={"reason": "a complaint"}, headers=make_staff(role).auth).status_code == 403
    assert run(Login.OWNER, lambda tx: tx.scalars(TRAIL).all()) == []
    found = client.post(url, json={"reason": "a complaint"}, headers=rules.auth).json
    (line,) = found["lines"]
    assert (line["event_id"], line["type"], line["stage"], line["rule"]) == ("t/1", "tip.outcome", "adopted",
                                                                            "tip-outcome")  # fmt: skip
    assert (line["points"], found["effectiveness"]) == (20, {"percent": 60, "adopted": 1, "judged": 1})
    assert run(Login.OWNER, lambda tx: tx.scalars(TRAIL).all()) == [{"reason": "a complaint", "lines": 1}]
    old = text("UPDATE login_sessions SET authenticated_at = now() - interval '16 minutes'")
    run(Login.OWNER, lambda tx: tx.execute(old))
    late = client.post(url, json={"reason": "a complaint"}, headers=rules.auth)
    assert (late.status_code, late.json["code"]) == (403, "step_up_required")
    assert len(run(Login.OWNER, lambda tx: tx.scalars(TRAIL).all())) == 1
