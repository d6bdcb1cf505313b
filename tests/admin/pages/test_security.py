"""The owner's settings: authenticators for everybody, and the limits on points moved by hand."""

from __future__ import annotations

import re

import pyotp
import pytest
from people import PASSWORD
from sqlalchemy import text

from mall.db import Login

SECURITY, LIMITS = "/api/v1/admin/security", "/api/v1/admin/adjustment-limits"
SESSIONS, ME = "/api/v1/staff/sessions", "/api/v1/staff/me"
WARNING = 'id="otp-not-required"'


def trail(run, action):
    query = text("SELECT detail FROM audit_entries WHERE action = :action ORDER BY id")
    return run(Login.OWNER, lambda tx: tx.scalars(query, {"action": action}).all())


def enrol(client, person):
    """Set up an authenticator over the API; returns it and the recovery codes."""
    secret = client.post("/api/v1/staff/authenticator", headers=person.auth).json["secret"]
    given = {"otp": pyotp.TOTP(secret).now()}
    answer = client.post("/api/v1/staff/authenticator/confirmation", json=given, headers=person.auth)
    return pyotp.TOTP(secret), answer.json["recovery_codes"]


def enrol_in_browser(browser):
    """The same on the page."""
    browser.post("/admin/me/authenticator")
    secret = re.search(r'id="totp-secret">(\w+)<', browser.get("/admin/me").text)[1]
    return browser.post("/admin/me/authenticator/confirm", data={"otp": pyotp.TOTP(secret).now()})


def test_an_owner_with_an_authenticator_demands_one_of_everybody(client, make_staff, desk, run):
    owner, clerk = make_staff("owner"), make_staff("catalog")
    page, office = desk(person=owner), desk(person=clerk)
    assert client.get(SECURITY, headers=owner.auth).json == {"otp_required": False, "without_authenticator": 2}
    assert WARNING in page.get("/admin").text and WARNING not in office.get("/admin").text
    refused = client.put(SECURITY, json={"otp_required": True}, headers=owner.auth)
    assert (refused.status_code, refused.json["code"]) == (409, "own_authenticator_missing")
    assert "set up your own first" in page.get("/admin/security").text
    assert office.get("/admin/gifts").status_code == 200
    assert "recovery codes" in enrol_in_browser(page).text
    assert page.post("/admin/security/authenticators", data={"otp_required": "1"}).status_code == 303
    assert client.get(SECURITY, headers=owner.auth).json == {"otp_required": True, "without_authenticator": 1}
    assert trail(run, "staff_security.changed") == [{"otp_required": True}]
    assert WARNING not in page.get("/admin").text

    for path in ("/api/v1/admin/gifts", "/api/v1/admin/nothing", "/api/v1/admin/api-clients"):
        shut = client.get(path, headers=clerk.auth)
        assert (shut.status_code, shut.json["code"]) == (403, "otp_enrolment_required"), path
    for path in ("/admin", "/admin/gifts", "/admin/nothing"):
        assert office.get(path).headers["Location"] == "/admin/me", path
    assert office.post("/admin/gifts-in-bulk").headers["Location"] == "/admin/me"
    led = office.get("/admin/me").text
    assert "Set up yours to go on" in led and '<a class="nav-link"' not in led
    signed_in = client.post(SESSIONS, json={"username": clerk.username, "password": PASSWORD})
    assert signed_in.status_code == 201
    assert client.get(ME, headers=clerk.auth).json["authenticator_required"] is True
    enrol(client, clerk)
    assert client.get("/api/v1/admin/gifts", headers=clerk.auth).status_code == 200
    assert office.get("/admin/gifts").status_code == 200
    assert client.get(ME, headers=clerk.auth).json["authenticator_required"] is False
    assert page.post("/admin/security/authenticators").status_code == 303
    assert client.get(SECURITY, headers=owner.auth).json == {"otp_required": False, "without_authenticator": 0}


def test_recovery_codes_open_the_door_once_each_and_are_kept_as_digests(client, make_staff, desk, run, unguarded):
    person = make_staff("owner")
    _totp, codes = enrol(client, person)
    assert len(set(codes)) == 10 and all(re.fullmatch(r"[0-9a-z]{5}-[0-9a-z]{5}", code) for code in codes)
    stored = run(Login.OWNER, lambda tx: tx.scalars(text("SELECT c::text FROM staff_recovery_codes AS c")).all())
    assert len(stored) == 10 and not any(code.replace("-", "") in row for code in codes for row in stored)
    body = {"username": person.username, "password": PASSWORD}
    assert client.post(SESSIONS, json={**body, "otp": codes[0]}).status_code == 201
    assert client.post(SESSIONS, json={**body, "otp": codes[0]}).status_code == 401
    assert client.post("/admin/sign-in", data=body).status_code == 200
    assert client.post("/admin/sign-in/code", data={"otp": codes[0]}).status_code == 401
    assert client.post("/admin/sign-in/code", data={"otp": codes[1].upper()}).status_code == 303
    assert trail(run, "staff.recovery_code_used") == [{"left": 9}, {"left": 8}]
    other = make_staff("catalog")
    enrol(client, other)
    stolen = {"username": other.username, "password": PASSWORD, "otp": codes[2]}
    assert client.post(SESSIONS, json=stolen).status_code == 401
    for code in codes[2:7]:
        assert client.post(SESSIONS, json={**body, "otp": code}).status_code == 201
    page = desk(person=person)
    assert "3 recovery codes of yours are left." in page.get("/admin").text
    again = page.post("/admin/me/recovery-codes")
    assert again.headers["Cache-Control"] == "no-store" and again.text.count("<li><code>") == 10
    assert "recovery codes of yours are left" not in page.get("/admin").text
    assert client.post(SESSIONS, json={**body, "otp": codes[8]}).status_code == 401
    boss = make_staff("owner")
    url = f"/api/v1/admin/staff/{person.id}/authenticator"
    assert client.delete(url, headers=boss.auth).status_code == 204
    assert (
        run(Login.OWNER, lambda tx: tx.scalar(text("SELECT count(*) FROM staff_recovery_codes"))) == 10
    )  # the other's
    assert client.post(SESSIONS, json=body).status_code == 201


@pytest.fixture
def rules(make_staff):
    """Somebody who asks."""
    return make_staff("rules")


def test_limits_hold_for_one_request_a_month_and_the_deciding_person(client, make_staff, make_member, rules, desk, run):
    owner, second, member = make_staff("owner"), make_staff("rules"), make_member()
    usual = {"most_points": 100_000, "month_points": 1_000_000, "owner_above_points": None}
    assert client.get(LIMITS, headers=rules.auth).json == usual
    page = desk(person=owner)
    wrong = page.post("/admin/security/adjustments", data={"most_points": "100001", "month_points": "x"})
    assert wrong.status_code == 422 and 'value="100001"' in wrong.text and wrong.text.count("is-invalid") == 2
    assert client.get(LIMITS, headers=rules.auth).json == usual
    given = {"most_points": "1000", "month_points": "1500", "owner_above_points": "500"}
    assert page.post("/admin/security/adjustments", data=given).status_code == 303
    assert client.get(LIMITS, headers=rules.auth).json == {name: int(value) for name, value in given.items()}
    assert trail(run, "adjustment_limits.changed")[0]["before"] == usual

    keys = iter(range(100))

    def ask(points, who=rules):
        body = {"member": member.id, "points": points, "reason": "goodwill"}
        headers = {**who.auth, "Idempotency-Key": f"limit-{next(keys)}"}
        return client.post("/api/v1/admin/adjustments", json=body, headers=headers)

    def decide(one, step, who, **body):
        headers = {**who.auth, "Idempotency-Key": f"limit-{next(keys)}"}
        return client.post(f"/api/v1/admin/adjustments/{one}/{step}", json=body or None, headers=headers)

    large = ask(1001)
    assert (large.status_code, large.json["code"], large.json["most"]) == (409, "adjustment_too_large", 1000)
    first, taken = ask(1000).json["id"], ask(-400).json["id"]
    full = ask(101)
    assert (full.status_code, full.json["code"], full.json["left"]) == (409, "month_limit_reached", 100)
    assert ask(101, who=second).status_code == 201  # each person's own
    assert decide(taken, "reject", second, reason="not so").status_code == 200
    assert ask(500).status_code == 201
    kept = decide(first, "approve", second)
    assert (kept.status_code, kept.json["code"]) == (403, "owner_must_decide")
    assert client.get("/api/v1/me/balance", headers=member.auth).json["available"] == 0
    assert decide(first, "approve", owner).json["state"] == "approved"
    assert client.get("/api/v1/me/balance", headers=member.auth).json["available"] == 1000
