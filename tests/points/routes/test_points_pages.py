"""Pages of points: what they show and what their forms do."""

from __future__ import annotations

import pytest

from mall.db import Login
from points.ledger.queries import balance

pytestmark = pytest.mark.usefixtures("unguarded")


@pytest.fixture
def member(make_member):
    return make_member()


@pytest.fixture
def available(run, member, now):
    return lambda: run(Login.EARNING, lambda tx: balance(tx, member.id, now)).available


@pytest.mark.parametrize("path", ["/tasks", "/balance", "/statement", "/statement?direction=in", "/claims"])
def test_a_members_pages_open(client, member, path):
    assert client.get(path, headers=member.auth).status_code == 200


def test_tasks_are_for_everybody(client):
    assert client.get("/tasks").status_code == 200


@pytest.mark.parametrize("path", ["/balance", "/statement", "/claims"])
def test_other_pages_ask_to_sign_in(client, path):
    answer = client.get(path)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/sign-in?next=")


def test_checking_in_pays_and_leads_back(client, member, available):
    form = {"_key": "one", "next": "/tasks"}
    for _press in range(2):
        answer = client.post("/check-in", data=form, headers=member.auth)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/tasks")
    assert available() == 5
    again = client.post("/check-in", data={"_key": "two", "next": "https://evil.example"}, headers=member.auth)
    assert (again.status_code, again.headers["Location"]) == (303, "/")
    assert available() == 5


def test_a_code_typed_into_the_form_is_claimed_once(client, member, make_client, available):
    source = make_client(["claims:create"])
    headers = {**source.auth, "Idempotency-Key": "codes"}
    code = client.post("/api/v1/claim-codes", json={"points": 40, "count": 1}, headers=headers).json["codes"][0]
    for _press in range(2):
        answer = client.post("/claims", data={"_key": "one", "code": code.lower()}, headers=member.auth)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/claims?done=40")
    assert available() == 40
    wrong = client.post("/claims", data={"_key": "two", "code": code}, headers=member.auth)
    assert (wrong.status_code, code in wrong.text) == (404, True)
    assert available() == 40


def test_the_statement_shows_what_came_and_what_went(client, member):
    client.post("/check-in", data={"_key": "one"}, headers=member.auth)
    earned = client.get("/statement?direction=in", headers=member.auth).text
    spent = client.get("/statement?direction=out", headers=member.auth).text
    assert "+5" in earned
    assert "+5" not in spent


def test_a_nickname_is_changed_and_a_bad_one_is_refused_with_its_reason(client, member):
    for name, shown in (("海淀小明", "海淀小明"), ("\u200b", "海淀小明"), ("x" * 40, "海淀小明")):
        answer = client.post("/me/nickname", data={"nickname": name}, headers=member.auth)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/me")
        assert client.get("/api/v1/me", headers=member.auth).json["nickname"] == shown
