"""Registering, profiles, and what a name or a password may be."""

from __future__ import annotations

import threading

import pytest
from people import PASSWORD
from sqlalchemy import func, select

from mall.db import Login, cursor
from mall.errors import Conflict
from mall.identity.members import claim_account, is_claimed, open_unclaimed, registration
from mall.identity.models import Member
from mall.identity.names import BadText, clean_nickname, clean_username

URL = "/api/v1/members"


def members(run):
    return run(Login.REDEMPTION, lambda tx: tx.scalar(select(func.count()).select_from(Member)))


def test_a_new_member_is_answered_with_the_own_profile(client, run):
    answer = client.post(URL, json={"username": "Li.Lei_2", "password": PASSWORD})
    assert answer.status_code == 201
    body = answer.json
    assert body["id"].startswith("mem_")
    assert {key: body[key] for key in ("username", "nickname", "locale", "status")} == {
        "username": "Li.Lei_2",
        "nickname": "Li.Lei_2",
        "locale": None,
        "status": "active",
    }
    assert set(body) == {"id", "username", "nickname", "avatar", "locale", "status", "joined_at"}
    assert members(run) == 1


def test_chinese_names_are_names(client):
    answer = client.post(URL, json={"username": "海淀网友", "password": PASSWORD, "nickname": "热心 市民"})
    assert (answer.status_code, answer.json["username"], answer.json["nickname"]) == (201, "海淀网友", "热心 市民")


@pytest.mark.parametrize("second", ["alice", "ALICE", "Ａｌｉｃｅ", " alice "])
def test_a_name_that_only_looks_different_is_taken(client, run, second):
    assert client.post(URL, json={"username": "Alice", "password": PASSWORD}).status_code == 201
    answer = client.post(URL, json={"username": second, "password": PASSWORD})
    assert (answer.status_code, answer.json["code"]) == (409, "username_taken")
    assert members(run) == 1


def test_two_registrations_of_one_name_at_once_open_one_account(app, run):
    gate = threading.Barrier(2)
    answers = []

    def register():
        with app.test_client() as own:
            gate.wait()
            answers.append(own.post(URL, json={"username": "twin", "password": PASSWORD}).status_code)

    threads = [threading.Thread(target=register) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [201, 409]
    assert members(run) == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"username": "ab"}, "username"),
        ({"username": "a" * 33}, "username"),
        ({"username": "a b c"}, "username"),
        ({"username": "a<b>c"}, "username"),
        ({"username": "..."}, "username"),
        ({"username": "abc\u200b"}, "username"),
        ({"username": "\u3164\u3164\u3164"}, "username"),
        ({"username": None}, "username"),
        ({"username": 5}, "username"),
        ({"password": "short12"}, "password"),
        ({"password": "x1" * 65}, "password"),
        ({"password": "password123"}, "password"),
        ({"password": "aaaaaaaaaaaa"}, "password"),
        ({"password": "Somebody"}, "password"),
        ({"password": "nul\0nul\0nul"}, "password"),
        ({"nickname": ""}, "nickname"),
        ({"nickname": "n" * 21}, "nickname"),
        ({"nickname": "a\u202eb"}, "nickname"),
        ({"nickname": "a\u200bb"}, "nickname"),
        ({"nickname": "\u2800\u2800"}, "nickname"),
        ({"role": "owner"}, "role"),
    ],
)
def test_a_bad_field_is_named_and_nothing_opened(client, run, change, field):
    answer = client.post(URL, json={"username": "somebody", "password": PASSWORD, **change})
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_fields")
    assert list(answer.json["errors"]) == [field]
    assert members(run) == 0


def test_the_same_key_gets_the_first_answer(client, run):
    body = {"username": "somebody", "password": PASSWORD}
    first = client.post(URL, json=body, headers={"Idempotency-Key": "one"})
    again = client.post(URL, json=body, headers={"Idempotency-Key": "one"})
    assert (again.status_code, again.json) == (201, first.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    other = client.post(URL, json={**body, "password": "another long phrase"}, headers={"Idempotency-Key": "one"})
    assert (other.status_code, other.json["code"]) == (422, "idempotency_key_reused")
    assert members(run) == 1


def test_one_key_of_two_people_is_two_keys(client, run):
    for name in ("somebody", "anybody"):
        body = {"username": name, "password": PASSWORD}
        assert client.post(URL, json=body, headers={"Idempotency-Key": "one"}).status_code == 201
    assert members(run) == 2


def test_a_member_changes_nickname_and_language(client, make_member):
    member = make_member("somebody")
    answer = client.patch("/api/v1/me", json={"nickname": "Xiao Wang", "locale": "en"}, headers=member.auth)
    assert (answer.status_code, answer.json["nickname"], answer.json["locale"]) == (200, "Xiao Wang", "en")
    answer = client.patch("/api/v1/me", json={"locale": "fr"}, headers=member.auth)
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["locale"])
    answer = client.patch("/api/v1/me", json={"status": "active"}, headers=member.auth)
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["status"])


@pytest.mark.parametrize(
    ("typed", "stored"),
    [("  热心  市民 ", "热心 市民"), ("e\u0301", "é"), ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧")],
)
def test_a_nickname_is_stored_in_one_form(typed, stored):
    assert clean_nickname(typed) == stored


def test_stacked_marks_are_refused():
    with pytest.raises(BadText) as refused:
        clean_nickname("a" + "\u0301" * 5)
    assert refused.value.reason == "characters"


def test_a_username_is_stored_in_nfkc():
    assert clean_username("Ｗａｎｇ５") == ("Wang5", "wang5")


def test_unclaimed_accounts_open_in_one_statement_and_can_be_claimed_once(run, now):
    ids = run(Login.EARNING, lambda tx: open_unclaimed(cursor(tx), 3, now))
    assert len(set(ids)) == 3
    rows = run(Login.REDEMPTION, lambda tx: [tx.get(Member, member_id) for member_id in ids])
    assert {(row.username, row.status, row.claimed_at, row.created_at) for row in rows} == {(None, "active", None, now)}
    assert run(Login.EARNING, lambda tx: is_claimed(tx, ids[0])) is False
    entry = registration("somebody", PASSWORD)
    run(Login.REDEMPTION, lambda tx: claim_account(tx, ids[0], entry, now))
    assert run(Login.EARNING, lambda tx: is_claimed(tx, ids[0])) is True
    for member_id, name, code in ((ids[0], "anybody", "credential_exists"), (ids[1], "Somebody", "username_taken")):
        another = registration(name, PASSWORD)
        with pytest.raises(Conflict) as refused:
            run(Login.REDEMPTION, lambda tx, of=member_id, entry=another: claim_account(tx, of, entry, now))
        assert refused.value.code == code
    assert run(Login.REDEMPTION, lambda tx: tx.get(Member, ids[1]).username) is None
