"""Signing in and out of members, and the limits on guessing."""

from __future__ import annotations

import dataclasses
import threading
from datetime import timedelta

import argon2
import pytest
from people import PASSWORD
from sqlalchemy import func, select, text, update

from mall.db import Login
from mall.identity import passwords
from mall.identity.models import LoginAttempts, LoginSession, Member
from mall.identity.tokens import digest

URL = "/api/v1/sessions"
ME = "/api/v1/me"


@pytest.fixture
def member(make_member):
    return make_member("somebody")


@pytest.fixture
def limited(app, monkeypatch):
    """The app with its limits on."""
    settings = dataclasses.replace(app.extensions["settings"], ratelimit_enabled=True)
    monkeypatch.setitem(app.extensions, "settings", settings)


def sign_in(client, username="somebody", password=PASSWORD, address="203.0.113.7", **headers):
    body = {"username": username, "password": password}
    return client.post(URL, json=body, headers=headers, environ_overrides={"REMOTE_ADDR": address})


def sessions(run):
    return run(Login.REDEMPTION, lambda tx: tx.scalar(select(func.count()).select_from(LoginSession)))


def change_sessions(run, **values):
    run(Login.REDEMPTION, lambda tx: tx.execute(update(LoginSession).values(**values)) and None)


def test_a_member_signs_in_and_the_token_works(client, member, run):
    answer = sign_in(client, "SomeBody")
    assert answer.status_code == 201
    assert set(answer.json) == {"token", "expires_at", "member"}
    assert answer.json["token"].startswith("mss_")
    assert answer.json["member"]["id"] == member.id
    auth = {"Authorization": f"Bearer {answer.json['token']}"}
    assert client.patch(ME, json={}, headers=auth).json["id"] == member.id
    rows = run(Login.REDEMPTION, lambda tx: tx.scalars(select(LoginSession)).all())
    mine = next(row for row in rows if row.token_hash == digest(answer.json["token"]))
    assert (mine.kind, mine.restricted, mine.expires_at - mine.created_at) == ("api", False, timedelta(days=30))


@pytest.mark.parametrize(("username", "password"), [("somebody", "not the phrase"), ("nobody", PASSWORD)])
def test_a_wrong_name_and_a_wrong_password_get_one_answer(client, member, run, username, password):
    before = sessions(run)
    answer = sign_in(client, username, password)
    assert (answer.status_code, answer.json["code"]) == (401, "invalid_credentials")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="mall"'
    assert sessions(run) == before


def test_an_unknown_name_costs_a_hash_too(client, member, monkeypatch):
    compared = []
    real = argon2.PasswordHasher.verify
    monkeypatch.setattr(
        argon2.PasswordHasher, "verify", lambda self, stored, given: compared.append(1) or real(self, stored, given)
    )
    sign_in(client, "nobody")
    sign_in(client, "somebody")
    assert compared == [1, 1]


@pytest.mark.parametrize("body", [{"username": "somebody"}, {"username": 1, "password": "x"}, {}, []])
def test_a_body_that_is_no_credential_is_422(client, member, body):
    assert client.post(URL, json=body).status_code == 422


def test_a_closed_account_cannot_sign_in_and_its_sessions_end(client, member, run):
    run(Login.REDEMPTION, lambda tx: tx.execute(update(Member).values(status="closed")) and None)
    assert sign_in(client).status_code == 401
    assert client.patch(ME, json={}, headers=member.auth).json["code"] == "key_invalid"


def test_signing_out_ends_this_session_alone(client, member, run):
    other = {"Authorization": f"Bearer {sign_in(client).json['token']}"}
    assert client.delete(f"{URL}/current", headers=member.auth).status_code == 204
    assert client.patch(ME, json={}, headers=member.auth).status_code == 401
    assert client.patch(ME, json={}, headers=other).status_code == 200
    assert sessions(run) == 1


def test_signing_out_everywhere_ends_all_of_mine_and_nobody_elses(client, member, make_member, run):
    neighbour = make_member()
    sign_in(client)
    assert client.delete(URL, headers=member.auth).status_code == 204
    assert client.patch(ME, json={}, headers=member.auth).status_code == 401
    assert client.patch(ME, json={}, headers=neighbour.auth).status_code == 200
    assert sessions(run) == 1


def test_a_session_ends_with_its_time(client, member, run, now):
    change_sessions(run, expires_at=now - timedelta(seconds=1))
    assert client.patch(ME, json={}, headers=member.auth).status_code == 401


def test_when_it_was_last_seen_is_written_at_most_every_five_minutes(client, member, run, now):
    def seen():
        return run(Login.REDEMPTION, lambda tx: tx.scalar(select(LoginSession.last_seen_at)))

    recent = now - timedelta(minutes=4)
    change_sessions(run, last_seen_at=recent)
    client.patch(ME, json={}, headers=member.auth)
    assert seen() == recent
    change_sessions(run, last_seen_at=now - timedelta(minutes=6))
    client.get("/api/v1/me/balance", headers=member.auth)
    assert seen() >= now


@pytest.mark.parametrize(
    "header",
    ["Bearer mss_x", "Bearer", "Basic YTpi", "Bearer mall_live_" + "x" * 43, "Bearer mss_" + "x" * 43, "Bearer ü"],
)
def test_a_credential_that_is_not_good_is_401(client, member, header):
    answer = client.patch(ME, json={}, headers={"Authorization": header})
    assert (answer.status_code, answer.json["code"]) == (401, "key_invalid")


def test_a_hash_of_old_parameters_is_renewed_at_sign_in(client, member, run):
    weak = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)

    def stored(tx):
        return tx.scalar(select(Member.password_hash))

    run(Login.REDEMPTION, lambda tx: tx.execute(update(Member).values(password_hash=weak)) and None)
    assert sign_in(client).status_code == 201
    renewed = run(Login.REDEMPTION, stored)
    assert renewed != weak and not passwords.needs_rehash(renewed)
    assert sign_in(client).status_code == 201
    assert run(Login.REDEMPTION, stored) == renewed


def test_a_repeat_of_a_sign_in_does_not_show_the_token_again(client, member, run):
    first = sign_in(client, **{"Idempotency-Key": "one"})
    again = sign_in(client, **{"Idempotency-Key": "one"})
    assert (again.status_code, again.json["token"], again.json["secret_shown_once"]) == (201, None, True)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert first.json["token"] is not None
    assert sessions(run) == 2


def test_ten_failures_close_an_account_for_a_while_even_to_the_right_password(client, member, limited, run):
    for number in range(10):
        assert sign_in(client, password="wrong", address=f"203.0.113.{number}").status_code == 401
    before = sessions(run)
    answer = sign_in(client)
    assert (answer.status_code, answer.json["code"]) == (429, "too_many_sign_ins")
    assert 1 <= int(answer.headers["Retry-After"]) <= 900
    assert sessions(run) == before


def test_the_limit_ends_after_fifteen_minutes(client, member, limited, run, now):
    for _ in range(10):
        sign_in(client, password="wrong")
    earlier = "SELECT a - interval '15 minutes 1 second' FROM unnest(attempted_at) a"
    sql = f"UPDATE login_attempts SET attempted_at = ARRAY({earlier})"
    run(Login.REDEMPTION, lambda tx: tx.execute(text(sql)) and None)
    assert sign_in(client).status_code == 201


def test_a_name_that_does_not_exist_is_limited_alike(client, limited):
    codes = [sign_in(client, "nobody", address=f"203.0.113.{number}").status_code for number in range(12)]
    assert codes == [401] * 10 + [429] * 2


def test_guesses_sent_all_at_once_are_counted_like_guesses_in_a_row(app, member, limited):
    gate = threading.Barrier(16)
    answers = []

    def guess():
        with app.test_client() as own:
            gate.wait()
            answers.append(sign_in(own, password="wrong").status_code)

    threads = [threading.Thread(target=guess) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [401] * 10 + [429] * 6


def test_an_address_has_a_hundred_failures(client, limited, monkeypatch):
    monkeypatch.setattr("mall.identity.signing_in.password_matches", lambda stored, given: False)
    codes = [sign_in(client, f"nobody-{number}").status_code for number in range(102)]
    assert codes == [401] * 100 + [429] * 2
    assert sign_in(client, "nobody-103", address="203.0.113.8").status_code == 401


def test_a_whole_ipv6_network_is_one_address(client, limited, monkeypatch):
    monkeypatch.setattr("mall.identity.signing_in.password_matches", lambda stored, given: False)
    codes = {sign_in(client, f"no-{n}", address=f"2001:db8::{n:x}").status_code for n in range(100)}
    assert codes == {401}
    assert sign_in(client, "no-101", address="2001:db8::ffff:1").status_code == 429
    assert sign_in(client, "no-102", address="2001:db8:0:1::1").status_code == 401


def test_the_right_password_forgets_the_failures_of_the_account(client, member, limited, run):
    for _ in range(9):
        sign_in(client, password="wrong")
    assert sign_in(client).status_code == 201
    for _ in range(9):
        assert sign_in(client, password="wrong").status_code == 401
    counted = run(Login.REDEMPTION, lambda tx: sorted(len(a) for a in tx.scalars(select(LoginAttempts.attempted_at))))
    assert counted == [9, 18]
