"""Where a member is signed in, signing out on one device, and being told of what was done to the account."""

from __future__ import annotations

import pytest
from people import PASSWORD
from sqlalchemy import text

from mall import clock
from mall.db import Login
from mall.outbox import deliver_due

pytestmark = pytest.mark.usefixtures("unguarded")
CREDENTIAL = {"username": "traveller", "password": PASSWORD}


def phone(app):
    """A browser of its own, signed in."""
    browser = app.test_client()
    agent = "Mozilla/5.0 (Linux; Android 14) Chrome/131.0 Mobile"
    assert browser.post("/sign-in", data=CREDENTIAL, headers={"User-Agent": agent}).status_code == 303
    return browser


def devices(client, member=None):
    """As ``member`` sees them by a token, or whoever is signed in to the browser."""
    return client.get("/api/v1/me/sessions", headers=member.auth if member else {}).json["items"]


def test_a_member_signs_out_on_another_device_at_once(app, client, make_member):
    member = make_member("traveller")
    lost = phone(app)
    here = phone(app)
    assert [(item["device"], item["current"]) for item in devices(client, member)] == [
        ("Chrome · Android", False), ("Chrome · Android", False), ("", True),
    ]  # fmt: skip
    lost_id = next(item["id"] for item in devices(lost) if item["current"])
    assert f'action="/me/sessions/{lost_id}/end"' in here.get("/me/security").text
    assert here.post(f"/me/sessions/{lost_id}/end").headers["Location"] == "/me/security"
    assert lost.get("/me/security").status_code == 303
    assert here.get("/me/security").status_code == 200
    assert here.post(f"/me/sessions/{lost_id}/end").status_code == 303  # a page that was left open: a kind word
    assert len(devices(client, member)) == 2
    mine = devices(client, member)[-1]["id"]
    assert client.delete(f"/api/v1/me/sessions/{mine}", headers=member.auth).status_code == 204
    assert client.get("/api/v1/me", headers=member.auth).status_code == 401


def test_nobody_signs_another_member_out_or_learns_that_the_session_is(client, make_member):
    member, other = make_member(), make_member()
    theirs = devices(client, other)[0]["id"]
    for unknown in (theirs, "ses_nothing"):
        assert client.delete(f"/api/v1/me/sessions/{unknown}", headers=member.auth).status_code == 404
    assert client.get("/api/v1/me", headers=other.auth).status_code == 200


def test_a_new_password_new_codes_and_a_recovery_are_told_in_the_inbox(app, client, make_member, run):
    member = make_member("traveller")
    codes = client.post("/me/recovery-codes", headers=member.auth).text
    code = codes.split("<code>")[1].split("<")[0]
    change = {"current_password": PASSWORD, "new_password": "quite another phrase"}
    assert client.post("/me/password", data=change, headers=member.auth).status_code == 303
    recovery = {"username": "traveller", "code": code, "new_password": "a third phrase to use"}
    assert client.post("/forgot", data=recovery).status_code == 303
    with app.app_context():
        deliver_due(clock.now())
    kinds = text("SELECT array_agg(kind ORDER BY id) FROM notifications WHERE member_id = :id")
    told = run(Login.OWNER, lambda tx: tx.execute(kinds, {"id": member.id}).scalar_one())
    assert told == ["account.recovery_codes_made", "account.password_changed", "account.password_recovered"]
    assert client.post("/sign-in", data={**CREDENTIAL, "password": "a third phrase to use"}).status_code == 303
    page = client.get("/notices?lang=en").text
    assert "A recovery code gave your account a new password." in page
    assert 'href="/me/security"' in page
