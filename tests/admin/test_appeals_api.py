"""Appeals over the API: the member answers under a neutral label, staff decide without learning who."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import text

from mall import clock
from mall.crypto import keyring
from mall.db import Login, cursor
from mall.identity.sessions import BROWSER, open_session
from points.earning.keys import member_hash
from points.earning.rules import rules_changed

WHY = {"reason": "heard both"}


def test_a_member_answers_and_staff_waive(
    client: FlaskClient, make_member: Any, make_client: Any, make_staff: Any, run: Callable[..., Any]
) -> None:
    member, source, staff = make_member(), make_client(["credits:write"]), make_staff("rules")

    def prepare(tx: Any) -> None:
        tx.execute(
            text(
                "UPDATE earning_rule_versions SET document = document || CAST(:more AS jsonb) "
                "WHERE rule_key = 'tip-outcome'"
            ),
            {"more": json.dumps({"clawback": {"appeal_days": 3}})},
        )
        rules_changed(cursor(tx))
        tx.execute(
            text("INSERT INTO sources.source_members VALUES (:hash, :source, :member, '', now())"),
            {"hash": member_hash(keyring(), source.id, "u-1"), "source": source.id, "member": member.id},
        )

    run(Login.OWNER, prepare)
    for minutes, stage in ((2, "solved"), (1, "malicious")):
        event = {
            "id": stage, "type": "tip.outcome", "member": "u-1", "data": {"case": "c", "stage": stage},
            "occurred_at": (clock.now() - timedelta(minutes=minutes)).isoformat(),
        }  # fmt: skip
        assert client.post("/api/v1/credit-events", json=event, headers=source.auth).status_code == 201
    (debit,) = client.get("/api/v1/me/appeals", headers=member.auth).json["items"]
    assert (debit["points"], debit["label"], debit["state"], debit["answered_at"]) == (150, "points", "open", None)
    body = {"debit": debit["id"], "answer": "I saw it myself"}
    stranger = client.post("/api/v1/me/appeals", json=body, headers=make_member().auth)
    assert stranger.status_code == 404
    browser = _browser(client, member, run)
    form = browser.get("/appeals").get_data(as_text=True)
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    assert (hidden["debit"], "150" in form) == (debit["id"], True)
    assert 'href="/appeals"' in browser.get("/balance").get_data(as_text=True)
    assert browser.post("/appeals", data={**hidden, "answer": " "}).location == "/appeals"
    assert browser.post("/appeals", data={**hidden, "answer": "I saw it myself"}).location == "/appeals"
    assert "<textarea" not in browser.get("/appeals").get_data(as_text=True)
    again = client.post("/api/v1/me/appeals", json=body, headers=member.auth)
    assert (again.status_code, again.json["code"]) == (409, "already_answered")
    listed = client.get("/api/v1/admin/appeals", headers=staff.auth)
    assert [(one["answer"], one["points"]) for one in listed.json["items"]] == [("I saw it myself", 150)]
    assert member.id not in listed.get_data(as_text=True)
    url = f"/api/v1/admin/appeals/{debit['id']}"
    assert client.post(f"{url}/waive", json=WHY, headers=make_staff("auditor").auth).status_code == 403
    assert client.post(f"{url}/waive", json=WHY, headers=staff.auth).json["state"] == "waived"
    late = client.post(f"{url}/uphold", json=WHY, headers=staff.auth)
    assert (late.status_code, late.json["code"]) == (409, "already_decided")
    assert client.get("/api/v1/me/balance", headers=member.auth).json["available"] == 100
    trail = text("SELECT actor, detail FROM audit_entries WHERE action = 'debit.waived'")
    ((actor, detail),) = run(Login.OWNER, lambda tx: tx.execute(trail).all())
    assert (actor.startswith("staff:"), detail["reason"], "member" in detail) == (True, "heard both", False)


def _browser(client: FlaskClient, member: Any, run: Callable[..., Any]) -> FlaskClient:
    """The member's browser, signed in."""
    opened = run(
        Login.REDEMPTION, lambda tx: open_session(tx, clock.now(), kind=BROWSER, member_id=member.id, restricted=False)
    )
    browser = client.application.test_client()
    with browser.session_transaction() as session:
        session["token"] = opened.token
    return browser
