"""Login links: shown by GET, spent by POST, once, within five minutes."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from people import PASSWORD
from sqlalchemy import func, select, update

from mall.db import Login, cursor
from mall.errors import Invalid
from mall.identity.login_links import create_login_link
from mall.identity.members import open_unclaimed
from mall.identity.models import LoginLink, LoginSession


@pytest.fixture
def link(run, now):
    """``link(member_id, target)``: the path of a new link."""

    def create(member_id, target="/"):
        url, expires_at = run(Login.EARNING, lambda tx: create_login_link(tx, member_id, target, now))
        assert expires_at == now + timedelta(minutes=5)
        assert url.startswith("http://localhost/login/")
        return url.removeprefix("http://localhost")

    return create


@pytest.fixture
def unclaimed(run, now):
    return run(Login.EARNING, lambda tx: open_unclaimed(cursor(tx), 1, now))[0]


def sessions(run):
    return run(Login.REDEMPTION, lambda tx: tx.scalars(select(LoginSession)).all())


def test_looking_at_a_link_shows_the_nickname_and_spends_nothing(client, make_member, link, run):
    path = link(make_member("somebody", "Xiao Wang").id)
    before = len(sessions(run))
    for _ in range(3):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "Xiao Wang" in answer.text
        assert answer.headers["Cache-Control"] == "no-store"
    assert client.head(path).status_code == 200
    assert len(sessions(run)) == before
    assert client.post(path).status_code == 303


def test_a_link_opens_the_mall_once(client, app, unclaimed, link, run):
    path = link(unclaimed, "/gifts/gft_1")
    answer = client.post(path)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/gifts/gft_1")
    assert client.get("/me/security").status_code == 200
    (row,) = sessions(run)
    assert (row.member_id, row.kind, row.restricted, row.authenticated_at) == (unclaimed, "browser", False, None)
    assert app.test_client().post(path).status_code == 404
    assert app.test_client().get(path).status_code == 404
    assert len(sessions(run)) == 1


def test_twenty_at_once_open_one_session(app, unclaimed, link, run):
    path = link(unclaimed)
    gate = threading.Barrier(20)
    answers = []

    def spend():
        with app.test_client() as own:
            gate.wait()
            answers.append(own.post(path).status_code)

    threads = [threading.Thread(target=spend) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [303] + [404] * 19
    assert len(sessions(run)) == 1


def test_a_link_is_too_old_after_five_minutes(client, unclaimed, link, run, now):
    path = link(unclaimed)
    ended = update(LoginLink).values(expires_at=now - timedelta(seconds=1))
    run(Login.REDEMPTION, lambda tx: tx.execute(ended) and None)
    assert client.get(path).status_code == 404
    assert client.post(path).status_code == 404
    assert sessions(run) == []


@pytest.mark.parametrize("token", ["x", "x" * 43, "ü", "%00", "a/b"])
def test_a_link_that_never_was_is_404(client, token):
    assert client.get(f"/login/{token}").status_code == 404


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\evil.example", "mall", "/a\nb"])
def test_a_link_leads_nowhere_outside(run, now, unclaimed, target):
    with pytest.raises(Invalid) as refused:
        run(Login.EARNING, lambda tx: create_login_link(tx, unclaimed, target, now))
    assert list(refused.value.errors) == ["next"]
    assert run(Login.REDEMPTION, lambda tx: tx.scalar(select(func.count()).select_from(LoginLink))) == 0


def test_on_an_account_with_a_credential_the_session_is_restricted_until_it_is_given(client, make_member, link, run):
    member = make_member("somebody")
    client.post(link(member.id))
    assert client.get("/me/security").headers["Location"] == "/me/confirm?next=/me/security"
    refused = client.post("/me/password", data={"current_password": PASSWORD, "new_password": "another phrase"})
    assert refused.status_code == 403
    wrong = client.post("/me/confirm", data={"password": "wrong"})
    assert wrong.status_code == 401
    before = {row.token_hash for row in sessions(run)}
    right = client.post("/me/confirm", data={"password": PASSWORD, "next": "/me/security"})
    assert (right.status_code, right.headers["Location"]) == (303, "/me/security")
    assert client.get("/me/security").status_code == 200
    assert before != {row.token_hash for row in sessions(run)}
    assert [row.restricted for row in sessions(run)] == [False, False]


def test_an_unclaimed_account_gets_a_credential_and_other_links_end(client, app, unclaimed, link, run):
    other = app.test_client()
    other.post(link(unclaimed))
    client.post(link(unclaimed))
    answer = client.post("/me/credential", data={"username": "somebody", "password": PASSWORD})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/me/security")
    assert client.get("/me/security").status_code == 200
    assert other.get("/me/security").headers["Location"] == "/sign-in?next=%2Fme%2Fsecurity"
    assert len(sessions(run)) == 1
    signed_in = app.test_client().post("/api/v1/sessions", json={"username": "somebody", "password": PASSWORD})
    assert (signed_in.status_code, signed_in.json["member"]["id"]) == (201, unclaimed)
