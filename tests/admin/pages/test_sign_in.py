"""Staff sign in to the back office in a browser: password, code, idle time, and a cookie apart from members'."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from people import PASSWORD
from sqlalchemy import func, select
from time_machine import travel

from mall.db import Login
from mall.identity.models import LoginSession
from mall.identity.staff import begin_enrolment, confirm_enrolment
from mall.identity.staff_cookie import STAFF_COOKIE

LATER = "This took too long. Please enter your password again."


def sessions(run):
    return run(Login.BACKOFFICE, lambda tx: tx.scalar(select(func.count()).select_from(LoginSession)))


def sign_in(client, person, **more):
    return client.post("/admin/sign-in", data={"username": person.username, "password": PASSWORD, **more})


@pytest.fixture
def enrolled(make_staff, run):
    """Staff with an authenticator: the person and its secret."""
    person = make_staff("catalog")
    moment = datetime.now(UTC) - timedelta(minutes=2)
    secret = run(Login.BACKOFFICE, lambda tx: begin_enrolment(tx, person.id))
    code = pyotp.TOTP(secret).at(int(moment.timestamp()))
    run(Login.BACKOFFICE, lambda tx: confirm_enrolment(tx, person.id, code, moment))
    return person, secret


def test_staff_sign_in_come_back_to_where_they_were_and_sign_out(client, make_staff, unguarded, run):
    person, before = make_staff("owner"), sessions(run)
    assert client.get("/admin").headers["Location"] == "/admin/sign-in"
    answer = sign_in(client, person, next="/admin?x=1")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin?x=1")
    cookie = next(one for one in answer.headers.getlist("Set-Cookie") if one.startswith(STAFF_COOKIE))
    assert "HttpOnly" in cookie and "Path=/admin" in cookie and "SameSite=Lax" in cookie and "Expires" not in cookie
    assert person.username in client.get("/admin").text
    assert sessions(run) == before + 1
    assert client.post("/admin/sign-out").headers["Location"] == "/admin/sign-in"
    assert client.get("/admin").status_code == 303
    assert sessions(run) == before


@pytest.mark.parametrize("target", ["//evil.example", "/me", "https://evil.example/admin", "/administrator"])
def test_nobody_is_led_out_of_the_back_office(client, make_staff, unguarded, target):
    assert sign_in(client, make_staff("owner"), next=target).headers["Location"] == "/admin"


def test_a_wrong_password_shows_the_form_with_the_name_typed(client, make_staff, unguarded, run):
    person, before = make_staff("owner"), sessions(run)
    answer = client.post("/admin/sign-in?lang=en", data={"username": person.username, "password": "wrong one here"})
    assert answer.status_code == 401
    assert f'value="{person.username}"' in answer.text and "wrong one here" not in answer.text
    assert "The name or the password is wrong." in answer.text
    assert sessions(run) == before


def test_a_members_name_opens_nothing(client, make_member, unguarded):
    assert sign_in(client, make_member()).status_code == 401


def test_an_enrolled_one_gives_a_code_too(client, enrolled, unguarded):
    person, secret = enrolled
    asked = sign_in(client, person)
    assert asked.status_code == 200 and 'name="otp"' in asked.text
    assert client.get("/admin").status_code == 303
    wrong = client.post("/admin/sign-in/code?lang=en", data={"otp": "000000"})
    assert wrong.status_code == 401 and "This code is not right, or was used already." in wrong.text
    answer = client.post("/admin/sign-in/code", data={"otp": pyotp.TOTP(secret).now()})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin")
    assert client.get("/admin").status_code == 200


def test_a_code_without_a_password_before_it_is_worth_nothing(client, enrolled, unguarded):
    _person, secret = enrolled
    answer = client.post("/admin/sign-in/code?lang=en", data={"otp": pyotp.TOTP(secret).now()})
    assert answer.status_code == 401 and LATER in answer.text
    assert client.get("/admin").status_code == 303


def test_a_code_later_than_five_minutes_after_the_password_is_worth_nothing(client, enrolled, unguarded):
    person, secret = enrolled
    sign_in(client, person)
    with travel(datetime.now(UTC) + timedelta(minutes=6), tick=False):
        answer = client.post("/admin/sign-in/code?lang=en", data={"otp": pyotp.TOTP(secret).now()})
    assert answer.status_code == 401 and LATER in answer.text


def test_half_an_hour_without_a_request_ends_the_session(desk, now):
    browser = desk("owner")
    with travel(now + timedelta(minutes=29), tick=False):
        assert browser.get("/admin").status_code == 200
    with travel(now + timedelta(minutes=58), tick=False):
        assert browser.get("/admin").status_code == 200
    with travel(now + timedelta(minutes=90), tick=False):
        assert browser.get("/admin").status_code == 303


def test_a_member_and_staff_in_one_browser_are_two_people(client, make_staff, make_member, unguarded):
    member, person = make_member(), make_staff("owner")
    client.post("/sign-in", data={"username": member.username, "password": PASSWORD})
    sign_in(client, person)
    assert member.username in client.get("/me/security").text
    assert person.username in client.get("/admin").text
    client.post("/sign-out")
    assert client.get("/me").status_code == 303
    assert client.get("/admin").status_code == 200


def test_the_staff_cookie_is_worth_nothing_outside_the_back_office(client, make_staff, unguarded):
    person = make_staff("owner")
    answer = sign_in(client, person)
    token = next(one for one in answer.headers.getlist("Set-Cookie") if one.startswith(STAFF_COOKIE))
    client.set_cookie(STAFF_COOKIE, token.split("=", 1)[1].split(";")[0], path="/")
    assert client.get("/api/v1/admin/gifts").status_code == 401
    assert client.get("/me").status_code == 303


def test_forms_without_a_token_are_refused(client, make_staff):
    person = make_staff("owner")
    answer = sign_in(client, person)
    assert answer.status_code == 400
    assert client.get("/admin").status_code == 303
