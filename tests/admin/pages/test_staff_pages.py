"""Owners care for colleagues; whoever has a link chooses a password; one's own account."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from people import PASSWORD
from sqlalchemy import text
from time_machine import travel

from mall.db import Login
from mall.errors import Conflict
from mall.identity.staff import find_staff
from mall.identity.staff_care import change_role, colleague, invite_staff, invited_staff, switch_staff

CHOSEN = "another long phrase"


def seen(run, staff_id):
    return run(Login.BACKOFFICE, lambda tx: colleague(tx, staff_id, datetime.now(UTC)))


def link_of(answer):
    return re.search(r"/admin/welcome/[\w-]+", answer.text)[0]


def sign_in(client, username, password):
    return client.post("/admin/sign-in", data={"username": username, "password": password})


def test_an_invitation_opens_an_account_once_and_no_password_of_anybodys_opens_it_before(desk, client, run):
    owner = desk("owner")
    answer = owner.post("/admin/new-staff", data={"username": "newcomer", "role": "rules"})
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    found, link = run(Login.BACKOFFICE, lambda tx: find_staff(tx, "newcomer")), link_of(answer)
    assert (seen(run, found.id).role, seen(run, found.id).invited) == ("rules", True)
    assert sign_in(client, "newcomer", CHOSEN).status_code == 401
    assert "newcomer" in client.get(link).text
    assert client.post(link, data={"password": "short"}).status_code == 422
    assert client.post(link, data={"password": CHOSEN}).headers["Location"] == "/admin/sign-in?next=/admin/me"
    assert sign_in(client, "newcomer", CHOSEN).status_code == 303
    assert client.get("/admin/me").status_code == 200
    assert seen(run, found.id).last_sign_in_at is not None and not seen(run, found.id).invited
    assert client.get(link).status_code == 404
    assert client.post(link, data={"password": "yet another phrase"}).status_code == 404
    assert sign_in(client, "newcomer", CHOSEN).status_code == 303
    assert owner.post("/admin/new-staff", data={"username": "Newcomer", "role": "rules"}).status_code == 409
    assert owner.post("/admin/new-staff", data={"username": "other", "role": "king"}).status_code == 422


def test_a_link_is_worth_nothing_after_72_hours_or_when_the_account_is_closed(desk, client, app):
    owner = desk("owner")
    link = link_of(owner.post("/admin/new-staff", data={"username": "late", "role": "catalog"}))
    with travel(datetime.now(UTC) + timedelta(hours=72, seconds=5), tick=False):
        assert client.get(link).status_code == 404
        assert client.post(link, data={"password": CHOSEN}).status_code == 404


def test_roles_and_closing_count_at_once_and_an_owner_stays(desk, make_staff, run):
    owner, clerk = desk("owner"), desk("catalog")
    here = f"/admin/staff/{clerk.person.id}"
    owner.post(f"{here}/role", data={"role": "auditor"})
    assert clerk.get("/admin/new-gift").status_code in (403, 404) and clerk.get("/admin/audit").status_code == 200
    owner.post(f"{here}/disabled", data={"disabled": "1"})
    assert clerk.get("/admin").status_code == 303 and seen(run, clerk.person.id).disabled_at is not None
    owner.post(f"{here}/disabled")
    assert seen(run, clerk.person.id).disabled_at is None
    own = f"/admin/staff/{owner.person.id}"
    for part in ("role", "disabled", "password", "authenticator"):
        owner.post(f"{own}/{part}", data={"role": "catalog", "disabled": "1"})
    page = owner.get(own).text
    assert "it is your own account" in page
    assert (seen(run, owner.person.id).role, seen(run, owner.person.id).disabled_at) == ("owner", None)
    with pytest.raises(Conflict, match="last_owner"):
        run(Login.BACKOFFICE, lambda tx: change_role(tx, owner.person.id, "rules", datetime.now(UTC), "cli"))
    with pytest.raises(Conflict, match="last_owner"):
        run(Login.BACKOFFICE, lambda tx: switch_staff(tx, owner.person.id, True, datetime.now(UTC), "cli"))
    assert (seen(run, owner.person.id).role, seen(run, owner.person.id).disabled_at) == ("owner", None)


def test_a_reset_ends_password_sessions_and_authenticator(desk, client, run):
    owner, clerk = desk("owner"), desk("catalog")
    here = f"/admin/staff/{clerk.person.id}"
    link = link_of(owner.post(f"{here}/password"))
    assert clerk.get("/admin").status_code == 303
    assert sign_in(client, clerk.person.username, PASSWORD).status_code == 401
    client.post(link, data={"password": CHOSEN})
    assert sign_in(client, clerk.person.username, CHOSEN).status_code == 303
    client.post("/admin/me/authenticator")
    secret = re.search(r'id="totp-secret">(\w+)<', client.get("/admin/me").text)[1]
    assert client.post("/admin/me/authenticator/confirm", data={"otp": "000000x"}).status_code == 422
    assert seen(run, clerk.person.id).totp_enrolled_at is None
    assert client.post("/admin/me/authenticator/confirm", data={"otp": pyotp.TOTP(secret).now()}).status_code == 200
    assert seen(run, clerk.person.id).totp_enrolled_at is not None
    owner.post(f"{here}/authenticator")
    assert seen(run, clerk.person.id).totp_enrolled_at is None
    assert sign_in(client, clerk.person.username, CHOSEN).status_code == 303


def test_after_a_quarter_of_an_hour_the_password_is_asked_for_again(desk, run):
    owner, clerk = desk("owner"), desk("catalog")
    here = f"/admin/staff/{clerk.person.id}"
    with travel(datetime.now(UTC) + timedelta(minutes=16), tick=False):
        asked = owner.post(f"{here}/role", data={"role": "auditor"})
        assert (asked.status_code, seen(run, clerk.person.id).role) == (403, "catalog")
        assert (
            f'action="{here}/role"' in asked.text
            and '<textarea class="d-none" name="role" hidden>\nauditor<' in asked.text
        )
        wrong = owner.post(f"{here}/role", data={"role": "auditor", "_password": "wrong phrase"})
        assert (wrong.status_code, seen(run, clerk.person.id).role) == (422, "catalog")
        assert "is not right" in wrong.text and "auditor" in wrong.text
        done = owner.post(f"{here}/role", data={"role": "auditor", "_password": PASSWORD})
        assert (done.headers["Location"], seen(run, clerk.person.id).role) == (here, "auditor")
        assert owner.post(f"{here}/role", data={"role": "rules"}).status_code == 303
        assert seen(run, clerk.person.id).role == "rules"


def test_a_changed_password_ends_the_other_sessions_and_signing_out_ends_all(desk, make_staff, client):
    person = make_staff("rules")
    here, there = desk(person=person), desk(person=person)
    sent = {"password": "wrong phrase", "new_password": CHOSEN}
    assert here.post("/admin/me/password", data=sent).status_code == 422 and there.get("/admin/me").status_code == 200
    assert here.post("/admin/me/password", data={**sent, "password": PASSWORD}).status_code == 303
    assert (here.get("/admin/me").status_code, there.get("/admin/me").status_code) == (200, 303)
    assert sign_in(client, person.username, CHOSEN).status_code == 303
    assert here.post("/admin/me/sign-out-everywhere").headers["Location"] == "/admin/sign-in"
    assert client.get("/admin/me").status_code == 303


def test_commands_reset_a_password_and_an_authenticator(app, client, make_staff, unguarded):
    person = make_staff("owner")
    runner = app.test_cli_runner()
    done = runner.invoke(args=["staff", "reset-password", person.username, "--password-stdin"], input=f"{CHOSEN}\n")
    assert done.exit_code == 0, done.output
    assert sign_in(client, person.username, CHOSEN).status_code == 303
    assert runner.invoke(args=["staff", "reset-totp", person.username]).exit_code == 0
    assert client.get("/admin/me").status_code == 303
    assert runner.invoke(args=["staff", "reset-totp", "nobody-here"]).exit_code == 1


def test_links_and_passwords_are_kept_as_digests_alone(run, app):
    with app.app_context():
        entry = invited_staff("digest", "catalog")
    _id, token = run(Login.BACKOFFICE, lambda tx: invite_staff(tx, entry, datetime.now(UTC), "test"))
    rows = run(Login.BACKOFFICE, lambda tx: tx.execute(text("SELECT s::text FROM staff_links AS s")).scalars().all())
    assert rows and not any(token in row for row in rows)
