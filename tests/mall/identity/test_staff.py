"""Staff: signing in, authenticators, roles, and the commands that open accounts."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from people import PASSWORD
from sqlalchemy import func, select, update

from mall.db import Login
from mall.identity.models import LoginSession, Staff
from mall.identity.totp import matching_step

URL = "/api/v1/staff/sessions"
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.fixture
def owner(make_staff):
    return make_staff("owner", "boss")


def sign_in(client, username="boss", password=PASSWORD, **more):
    return client.post(URL, json={"username": username, "password": password, **more})


def enrol(client, staff):
    answer = client.post("/api/v1/staff/authenticator", headers=staff.auth)
    assert answer.status_code == 201
    secret = answer.json["secret"]
    assert answer.json["uri"].startswith("otpauth://totp/Points%20mall:")
    rest = 30 - time.time() % 30
    if rest < 3:  # the code of the step before would be two steps old when it arrives
        time.sleep(rest)
    code = pyotp.TOTP(secret).at(datetime.now(UTC) - timedelta(seconds=30))
    confirmation = client.post("/api/v1/staff/authenticator/confirmation", json={"otp": code}, headers=staff.auth)
    assert (confirmation.status_code, len(confirmation.json["recovery_codes"])) == (200, 10)
    return pyotp.TOTP(secret)


def test_staff_sign_in_for_twelve_hours(client, owner, run):
    answer = sign_in(client)
    assert answer.status_code == 201
    assert answer.json["staff"] == {"id": owner.id, "username": "boss", "role": "owner"}
    row = run(Login.BACKOFFICE, lambda tx: tx.scalars(select(LoginSession).order_by(LoginSession.id.desc())).first())
    assert row.expires_at - row.created_at == timedelta(hours=12)
    auth = {"Authorization": f"Bearer {answer.json['token']}"}
    assert client.get("/api/v1/admin/members", headers=auth).status_code == 200
    assert client.delete(f"{URL}/current", headers=auth).status_code == 204
    assert client.get("/api/v1/admin/members", headers=auth).status_code == 401


def test_half_an_hour_without_a_request_ends_a_session_of_staff(client, owner, run, now):
    for minutes, status in ((29, 200), (31, 401)):
        seen = update(LoginSession).values(last_seen_at=now - timedelta(minutes=minutes))
        run(Login.BACKOFFICE, lambda tx, statement=seen: tx.execute(statement) and None)
        assert client.get("/api/v1/admin/members", headers=owner.auth).status_code == status


def test_a_member_is_no_staff(client, owner, make_member):
    make_member("somebody")
    assert sign_in(client, "somebody").status_code == 401
    assert client.post("/api/v1/sessions", json={"username": "boss", "password": PASSWORD}).status_code == 401


def test_an_enrolled_owner_needs_a_code_and_each_code_once(client, owner):
    totp = enrol(client, owner)
    missing = sign_in(client)
    assert (missing.status_code, missing.json["code"]) == (401, "otp_required")
    code = totp.now()
    assert sign_in(client, otp=code).status_code == 201
    again = sign_in(client, otp=code)
    assert (again.status_code, again.json["code"]) == (401, "invalid_credentials")


def test_one_code_sent_by_ten_at_once_opens_one_session(app, client, owner, run):
    code = enrol(client, owner).now()
    gate = threading.Barrier(10)
    answers = []

    def attempt():
        with app.test_client() as own:
            gate.wait()
            answers.append(sign_in(own, otp=code).status_code)

    threads = [threading.Thread(target=attempt) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [201] + [401] * 9
    assert run(Login.BACKOFFICE, lambda tx: tx.scalar(select(func.count()).select_from(LoginSession))) == 2


def test_a_wrong_code_opens_nothing(client, owner, run):
    enrol(client, owner)
    for otp in ("000000", "abcdef", "１２３４５６"):
        assert sign_in(client, otp=otp).status_code == 401
    assert run(Login.BACKOFFICE, lambda tx: tx.scalar(select(func.count()).select_from(LoginSession))) == 1


def test_an_authenticator_is_not_asked_for_before_it_was_confirmed(client, owner):
    client.post("/api/v1/staff/authenticator", headers=owner.auth)
    wrong = client.post("/api/v1/staff/authenticator/confirmation", json={"otp": "000000"}, headers=owner.auth)
    assert (wrong.status_code, list(wrong.json["errors"])) == (422, ["otp"])
    assert sign_in(client).status_code == 201


def test_a_second_authenticator_is_refused(client, owner):
    enrol(client, owner)
    again = client.post("/api/v1/staff/authenticator", headers=owner.auth)
    assert (again.status_code, again.json["code"]) == (409, "otp_enrolled")


@pytest.mark.parametrize(("moment", "code"), [(59, "287082"), (1111111109, "081804"), (20000000000, "353130")])
def test_codes_are_those_of_rfc_6238(moment, code):
    now = datetime.fromtimestamp(moment, UTC)
    assert matching_step(SECRET, code, now) == moment // 30
    assert matching_step(SECRET, code, now + timedelta(seconds=30)) == moment // 30
    assert matching_step(SECRET, code, now + timedelta(seconds=60)) is None


def command(app, *args, given=None):
    return app.test_cli_runner().invoke(args=list(args), input=given)


def test_staff_are_created_listed_and_disabled_by_command(app, client):
    done = command(app, "staff", "create", "ops", "--role", "owner", "--password-stdin", given="a long phrase\nrest\n")
    assert done.exit_code == 0, done.output
    signed_in = sign_in(client, "ops", "a long phrase")
    assert signed_in.status_code == 201
    assert "ops\towner\tactive" in command(app, "staff", "list").output
    assert command(app, "staff", "disable", "ops").exit_code == 0
    assert "ops\towner\tdisabled" in command(app, "staff", "list").output
    assert sign_in(client, "ops", "a long phrase").status_code == 401
    auth = {"Authorization": f"Bearer {signed_in.json['token']}"}
    assert client.get("/api/v1/admin/members", headers=auth).status_code == 401


def test_a_name_that_exists_is_a_clear_error(app, owner, run):
    done = command(app, "staff", "create", "Boss", "--role", "auditor", "--password-stdin", given="a long phrase\n")
    assert (done.exit_code, "There is a member of staff of this name already." in done.output) == (1, True)
    assert run(Login.BACKOFFICE, lambda tx: tx.scalars(select(Staff.role)).all()) == ["owner"]


@pytest.mark.parametrize(("given", "said"), [("short\n", "password:"), ("\n", "password:")])
def test_a_weak_password_is_a_clear_error(app, run, given, said):
    done = command(app, "staff", "create", "ops", "--role", "owner", "--password-stdin", given=given)
    assert (done.exit_code, said in done.output) == (1, True)
    assert run(Login.BACKOFFICE, lambda tx: tx.scalars(select(Staff)).all()) == []
