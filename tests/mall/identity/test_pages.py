"""Pages: sign in, register, password, language and looks, in a browser without JavaScript."""

from __future__ import annotations

import re

import pytest
from flask import g
from people import PASSWORD
from sqlalchemy import func, select

from mall.db import Login
from mall.identity.models import LoginSession, Member

FORM = {"username": "somebody", "password": PASSWORD}


@pytest.fixture
def guarded(app, monkeypatch):
    """The app with CSRF checks on."""
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)


def token_of(client, path):
    g.pop("csrf_token", None)  # the fixture's application context outlives the request that made the last one
    return re.search(r'name="csrf_token" value="([^"]+)"', client.get(path).text)[1]


def count(run, model):
    return run(Login.REDEMPTION, lambda tx: tx.scalar(select(func.count()).select_from(model)))


def signed_in(client):
    return client.get("/me/security").status_code == 200


def test_somebody_registers_and_is_signed_in(client, run):
    assert client.get("/register").status_code == 200
    answer = client.post("/register", data={**FORM, "nickname": "", "next": "/mall?q=tea"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/mall?q=tea")
    assert signed_in(client)
    assert count(run, Member) == 1


def test_language_and_looks_lead_back_to_a_page_also_from_a_form_that_was_refused(client, make_member):
    make_member("somebody")
    client.post("/sign-in", data=FORM)

    def back_to(path, **headers):
        answer = client.post(path, data={"current_password": "wrong"}, headers=headers)
        assert answer.status_code in (401, 422)
        found = set(re.findall(r'<input type="hidden" name="next" value="([^"]*)"', answer.text))
        assert len(found) == 1
        return found.pop()

    assert back_to("/me/password", Referer="http://localhost/me/security?a=1") == "/me/security?a=1"
    assert back_to("/me/password", Referer="http://elsewhere.example/me/security") == "/"
    assert back_to("/me/password") == "/"
    assert client.get("/mall?q=tea").text.count('name="next" value="/mall?q=tea"') == 2


def test_a_refused_registration_shows_the_form_again_without_the_password(client, run):
    answer = client.post("/register", data={"username": "somebody", "nickname": "Xiao", "password": "short"})
    assert answer.status_code == 422
    assert 'value="somebody"' in answer.text and 'value="Xiao"' in answer.text
    assert "short" not in answer.text
    assert (count(run, Member), count(run, LoginSession)) == (0, 0)


def test_a_member_signs_in_with_a_new_session_and_signs_out(client, make_member, run):
    make_member("somebody")
    client.get("/sign-in")
    answer = client.post("/sign-in", data=FORM)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Expires=" in cookie
    assert signed_in(client)
    assert client.post("/sign-out").status_code == 303
    assert not signed_in(client)
    assert count(run, LoginSession) == 1


def test_signing_in_again_ends_the_former_session(client, make_member, run):
    make_member("somebody")
    for _ in range(3):
        client.post("/sign-in", data=FORM)
    assert count(run, LoginSession) == 2


def test_a_wrong_password_shows_the_form_again(client, make_member, run):
    make_member("somebody")
    answer = client.post("/sign-in", data={**FORM, "password": "wrong phrase"})
    assert answer.status_code == 401
    assert 'value="somebody"' in answer.text
    assert "wrong phrase" not in answer.text
    assert count(run, LoginSession) == 1


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_nothing_redirects_out_of_the_mall(client, make_member, target):
    make_member("somebody")
    for path, form in (("/sign-in", FORM), ("/language", {"lang": "en"}), ("/appearance", {"theme": "dark"})):
        assert client.post(path, data={**form, "next": target}).headers["Location"] == "/"
    assert client.get("/sign-in", query_string={"next": target}).headers["Location"] == "/"


def test_forms_from_elsewhere_are_refused(client, make_member, guarded, run):
    make_member("somebody")
    assert client.post("/sign-in", data=FORM).status_code == 400
    assert client.post("/register", data={**FORM, "username": "other"}).status_code == 400
    token = token_of(client, "/sign-in")
    assert client.post("/sign-in", data={**FORM, "csrf_token": token}).status_code == 303
    assert client.post("/sign-out").status_code == 400
    assert client.post("/sign-out", data={"csrf_token": token}).status_code == 400
    assert count(run, LoginSession) == 2
    assert client.post("/sign-out", data={"csrf_token": token_of(client, "/me/security")}).status_code == 303
    assert (count(run, LoginSession), count(run, Member)) == (1, 1)


def test_a_token_of_the_browser_is_none_for_programs(client, make_member):
    make_member("somebody")
    client.post("/sign-in", data=FORM)
    with client.session_transaction() as cookie:
        token = cookie["token"]
    with client.application.test_client() as program:
        assert program.patch("/api/v1/me", json={}, headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_a_new_password_ends_all_other_sessions(client, app, make_member, run):
    member = make_member("somebody")
    client.post("/sign-in", data=FORM)
    wrong = client.post("/me/password", data={"current_password": "wrong", "new_password": "another long phrase"})
    assert wrong.status_code == 401
    weak = client.post("/me/password", data={"current_password": PASSWORD, "new_password": "password123"})
    assert weak.status_code == 422
    assert count(run, LoginSession) == 2
    done = client.post("/me/password", data={"current_password": PASSWORD, "new_password": "another long phrase"})
    assert (done.status_code, done.headers["Location"]) == (303, "/me/security")
    assert signed_in(client)
    assert count(run, LoginSession) == 1
    assert app.test_client().patch("/api/v1/me", json={}, headers=member.auth).status_code == 401
    assert app.test_client().post("/sign-in", data=FORM).status_code == 401
    assert app.test_client().post("/sign-in", data={**FORM, "password": "another long phrase"}).status_code == 303


def test_the_page_of_devices_lists_mine(client, make_member):
    make_member("somebody")
    agent = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36 MicroMessenger/8.0"
    client.post("/sign-in", data=FORM, headers={"User-Agent": agent})
    assert "WeChat · Android" in client.get("/me/security").text


def test_signing_out_everywhere_ends_all(client, make_member, run):
    make_member("somebody")
    client.post("/sign-in", data=FORM)
    assert client.post("/sign-out-everywhere").status_code == 303
    assert count(run, LoginSession) == 0
    assert not signed_in(client)


def test_a_page_for_members_leads_to_sign_in_and_back(client):
    assert client.get("/me/security").headers["Location"] == "/sign-in?next=%2Fme%2Fsecurity"


def test_language_and_looks_are_kept(client, make_member, run):
    make_member("somebody")
    client.post("/sign-in", data=FORM)
    answer = client.post("/language", data={"lang": "en", "next": "/me/security"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/me/security")
    assert run(Login.REDEMPTION, lambda tx: tx.scalar(select(Member.locale))) == "en"
    assert "Password and devices" in client.get("/me/security").text
    client.post("/appearance", data={"theme": "dark", "elders": "1"})
    page = client.get("/me/security").text
    assert 'data-theme="dark"' in page and "data-elders" in page
    client.post("/appearance", data={"theme": "purple", "lang": "xx"})
    client.post("/language", data={"lang": "fr"})
    assert 'data-theme="dark"' in client.get("/me/security").text
    assert run(Login.REDEMPTION, lambda tx: tx.scalar(select(Member.locale))) == "en"
