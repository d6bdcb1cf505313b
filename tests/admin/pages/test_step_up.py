"""Dangerous acts ask for the password again once the last time was more than 15 minutes ago."""

from __future__ import annotations

import pyotp
import pytest
from people import PASSWORD
from sqlalchemy import text

from mall.db import Login

STEP_UP = "/api/v1/staff/sessions/step-up"
STAFF = "/api/v1/admin/staff"
VERSION = "/<key>/versions/<int:number>"
DANGEROUS = {
    *(f"POST /admin/me/{part}" for part in ("authenticator", "authenticator/remove", "recovery-codes")),
    "POST /api/v1/staff/authenticator",
    "DELETE /api/v1/staff/authenticator",
    "POST /api/v1/staff/recovery-codes",
    # colleagues, and how they sign in
    "POST /admin/new-staff",
    *(f"POST /admin/staff/<staff_id>/{part}" for part in ("role", "disabled", "password", "authenticator")),
    "POST /api/v1/admin/staff",
    "PATCH /api/v1/admin/staff/<staff_id>",
    "POST /api/v1/admin/staff/<staff_id>/password-reset",
    "DELETE /api/v1/admin/staff/<staff_id>/authenticator",
    # what needs a second person, and how much
    *(f"POST /admin/security/{part}" for part in ("authenticators", "adjustments")),
    "POST /admin/rule-controls",
    "POST /admin/order-policy",
    *(f"PUT /api/v1/admin/{name}" for name in ("security", "adjustment-limits")),
    *(f"PATCH /api/v1/admin/{name}" for name in ("rule-controls", "redemption-policy")),
    # keys of programs, and secrets
    "POST /admin/new-api-client",
    *(f"POST /admin/api-clients/<client_id>{part}" for part in ("", "/disabled", "/keys", "/keys/<key_id>/revoke")),
    "POST /api/v1/admin/api-clients",
    "PATCH /api/v1/admin/api-clients/<client_id>",
    "POST /api/v1/admin/api-clients/<client_id>/keys",
    "DELETE /api/v1/admin/api-clients/<client_id>/keys/<key_id>",
    *(f"POST /admin/top-up-providers{part}" for part in ("", "/<provider_id>", "/<provider_id>/secret")),
    *(f"POST /api/v1/admin/top-up-providers{part}" for part in ("", "/<provider_id>/secret")),
    "PATCH /api/v1/admin/top-up-providers/<provider_id>",
    *(f"POST /admin/{page}" for page in ("new-webhook", "webhooks/<webhook_id>", "webhooks/<webhook_id>/active")),
    "POST /admin/webhooks/<webhook_id>/secret",
    *(f"POST /api/v1/admin/webhooks{part}" for part in ("", "/<webhook_id>/secret")),
    "PATCH /api/v1/admin/webhooks/<webhook_id>",
    # what pays points
    "POST /admin/rule-set/import",
    "POST /api/v1/admin/rule-set",
    *(f"POST /admin/rules{VERSION}/{step}" for step in ("publish", "rollback")),
    *(f"POST /api/v1/admin/earning-rules{VERSION}/{step}" for step in ("publish", "rollback")),
    "POST /admin/campaigns/<key>/publish",
    "POST /api/v1/admin/campaigns/<campaign_key>/publish",
    "POST /admin/adjustments/<adjustment_id>/approve",
    "POST /api/v1/admin/adjustments/<adjustment_id>/approve",
    "POST /admin/merges/<merge_id>/approve",
    "POST /api/v1/admin/member-merges/<merge_id>/approve",
    "POST /admin/password-resets/<reset_id>/approve",
    "POST /api/v1/admin/password-resets/<reset_id>/approve",
    # many addresses at once, and where points came from
    "GET /admin/parcels/to-ship",
    "GET /admin/parcel-labels",
    "GET /api/v1/admin/orders/to-ship",
    "POST /admin/members/<member_id>/sources",
    "POST /api/v1/admin/members/<member_id>/sources",
}


@pytest.fixture
def late(run):
    """Makes every password that was given a matter of 16 minutes ago."""
    old = text("UPDATE login_sessions SET authenticated_at = authenticated_at - interval '16 minutes'")
    return lambda: run(Login.OWNER, lambda tx: tx.execute(old) and None)


def count_staff(run):
    return run(Login.OWNER, lambda tx: tx.scalar(text("SELECT count(*) FROM staff")))


def test_the_list_of_dangerous_acts_is_the_one_that_is_declared(session_app):
    declared = {
        f"{method} {rule.rule}"
        for rule in session_app.url_map.iter_rules()
        if getattr(getattr(session_app.view_functions[rule.endpoint], "auth", None), "fresh", False)
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert declared == DANGEROUS


def test_a_program_gives_the_password_again_and_keeps_its_token(client, make_staff, run, late):
    owner, body = make_staff("owner"), {"username": "mei", "role": "catalog"}
    late()
    before = count_staff(run)
    refused = client.post(STAFF, json=body, headers=owner.auth)
    assert (refused.status_code, refused.json["code"], count_staff(run)) == (403, "step_up_required", before)
    assert client.get(STAFF, headers=owner.auth).status_code == 200
    assert client.post(STAFF, json=body, headers=make_staff("catalog").auth).json["code"] == "role_missing"
    wrong = client.post(STEP_UP, json={"password": "not this one"}, headers=owner.auth)
    assert (wrong.status_code, wrong.json["code"]) == (401, "invalid_credentials")
    assert client.post(STAFF, json=body, headers=owner.auth).status_code == 403
    assert client.post(STEP_UP, json={"password": PASSWORD}, headers=owner.auth).json.keys() == {"fresh_until"}
    made = client.post(STAFF, json=body, headers=owner.auth)
    assert (made.status_code, count_staff(run)) == (201, before + 2)  # the catalog's one is the other
    token = made.json["link"].rsplit("/", 1)[1]
    assert client.post("/api/v1/staff/welcome", json={"token": token, "password": "short"}).status_code == 422
    assert (
        client.post("/api/v1/staff/welcome", json={"token": token, "password": "a phrase of hers"}).status_code == 204
    )
    signed_in = client.post("/api/v1/staff/sessions", json={"username": "mei", "password": "a phrase of hers"})
    assert signed_in.json["staff"]["role"] == "catalog"
    one = f"{STAFF}/{made.json['id']}"
    assert client.patch(one, json={"role": "rules", "disabled": True}, headers=owner.auth).json["disabled"] is True
    found = client.get(one, headers=owner.auth).json
    assert (found["role"], len(found["sign_ins"])) == ("rules", 1)
    assert client.post(f"{STAFF}/{owner.id}/password-reset", headers=owner.auth).json["code"] == "own_staff_account"


def test_with_an_authenticator_its_code_is_asked_for_too(client, make_staff, late):
    owner = make_staff("owner")
    secret = client.post("/api/v1/staff/authenticator", headers=owner.auth).json["secret"]
    shown = client.post(
        "/api/v1/staff/authenticator/confirmation", json={"otp": pyotp.TOTP(secret).now()}, headers=owner.auth
    ).json["recovery_codes"]
    late()
    alone = client.post(STEP_UP, json={"password": PASSWORD}, headers=owner.auth)
    assert (alone.status_code, alone.json["code"]) == (401, "otp_required")
    assert client.post("/api/v1/staff/recovery-codes", headers=owner.auth).status_code == 403
    given = {"password": PASSWORD, "otp": shown[0].replace("-", " ").upper()}
    assert client.post(STEP_UP, json=given, headers=owner.auth).status_code == 200
    assert client.post(STEP_UP, json=given, headers=owner.auth).status_code == 401  # once
    assert client.get("/api/v1/staff/me", headers=owner.auth).json["recovery_codes_left"] == 9
    others = client.post("/api/v1/staff/recovery-codes", headers=owner.auth).json["recovery_codes"]
    assert len(set(others)) == 10 and not set(others) & set(shown)
    old = client.post(STEP_UP, json={"password": PASSWORD, "otp": shown[1]}, headers=owner.auth)
    assert old.status_code == 401
    assert client.delete("/api/v1/staff/authenticator", headers=owner.auth).status_code == 204
    assert client.post(STEP_UP, json={"password": PASSWORD}, headers=owner.auth).status_code == 200
    again = client.post("/api/v1/staff/recovery-codes", headers=owner.auth)
    assert (again.status_code, again.json["code"]) == (409, "otp_not_enrolled")


def test_a_page_that_is_read_is_gone_back_to_and_its_address_kept(desk, late, run):
    clerk, url = desk("fulfilment"), "/admin/parcels/to-ship?format=csv"
    assert clerk.get(url).status_code == 200
    late()
    asked = clerk.get(url)
    assert asked.status_code == 403 and f'name="next" value="{url}"' in asked.text
    assert 'action="/admin/me/confirm"' in asked.text
    wrong = clerk.post("/admin/me/confirm", data={"_password": "not this one", "next": url})
    assert wrong.status_code == 422 and f'value="{url}"' in wrong.text
    assert clerk.post("/admin/me/confirm", data={"_password": PASSWORD, "next": url}).headers["Location"] == url
    assert clerk.get(url).status_code == 200
    away = clerk.post("/admin/me/confirm", data={"_password": PASSWORD, "next": "//elsewhere.example"})
    assert away.headers["Location"] == "/admin/me"
