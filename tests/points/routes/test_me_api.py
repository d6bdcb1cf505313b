"""A member over HTTP: balance, statement, check-in, claims."""

from __future__ import annotations

import pytest

from mall.db import Login
from points.earning.book_events import book_events
from points.earning.event_types import EventIn, EventSource


@pytest.fixture
def member(make_member):
    return make_member()


def key(number):
    return {"Idempotency-Key": f"key-{number}"}


@pytest.fixture
def codes(client, make_client):
    def create(**body):
        source = make_client(["claims:create"])
        asked = {"points": 40, "count": 2, **body}
        return client.post("/api/v1/claim-codes", json=asked, headers={**source.auth, **key("codes")})

    return create


def test_a_check_in_is_answered_as_documented(client, member):
    answer = client.post("/api/v1/me/checkin", headers={**member.auth, **key(1)})
    assert answer.status_code == 201
    assert set(answer.json) == {"points", "streak", "date"}
    assert (answer.json["points"], answer.json["streak"]) == (5, 1)
    again = client.post("/api/v1/me/checkin", headers={**member.auth, **key(2)})
    assert (again.status_code, again.json["code"]) == (409, "already_checked_in")
    repeated = client.post("/api/v1/me/checkin", headers={**member.auth, **key(1)})
    assert (repeated.status_code, repeated.data) == (201, answer.data)
    assert client.get("/api/v1/me/balance", headers=member.auth).json["available"] == 5


def test_a_check_in_needs_a_key(client, member):
    answer = client.post("/api/v1/me/checkin", headers=member.auth)
    assert (answer.status_code, answer.json["code"]) == (400, "idempotency_key_missing")
    assert client.get("/api/v1/me/balance", headers=member.auth).json["available"] == 0


def test_a_new_member_has_level_1_and_nothing_else(client, member):
    body = client.get("/api/v1/me", headers=member.auth).json
    assert body["level"]["number"] == 1
    assert body["badges"] == []
    assert client.get("/api/v1/me/balance", headers=member.auth).json == {
        "available": 0, "pending": 0, "held": 0, "debt": 0, "expiring": [],
    }  # fmt: skip
    assert client.get("/api/v1/me/statement", headers=member.auth).json == {"items": [], "next_cursor": None}


def test_a_statement_says_why_but_never_tells_a_tip(client, member, run, now):
    client.post("/api/v1/me/checkin", headers={**member.auth, **key(1)})
    source = EventSource("mall:test", internal=True)
    tip = EventIn("t", "tip.outcome", member.id, now, "c", {"stage": "solved", "grade": 0, "share": 100})
    login = EventIn("l", "member.login", member.id, now)
    run(Login.EARNING, lambda tx: book_events(tx, source, [tip, login], now))
    page = client.get("/api/v1/me/statement?limit=2", headers={**member.auth, "Accept-Language": "en"}).json
    rest = client.get(
        f"/api/v1/me/statement?cursor={page['next_cursor']}", headers={**member.auth, "Accept-Language": "en"}
    ).json
    lines = page["items"] + rest["items"]
    assert [line["points"] for line in lines] == [1, 100, 5]
    assert [line["balance_after"] for line in lines] == [106, 105, 5]
    assert [line["label"] for line in lines] == ["points", "points", "check_in"]
    assert lines[0]["why"] == lines[1]["why"] == "Points for taking part in the community."
    assert lines[2]["why"] == "day 1 of the streak: 5"


def test_a_code_is_claimed_once(client, member, make_member, codes):
    code = codes().json["codes"][0]
    answer = client.post("/api/v1/me/claims", json={"code": code}, headers={**member.auth, **key(1)})
    assert (answer.status_code, answer.json) == (201, {"points": 40})
    repeated = client.post("/api/v1/me/claims", json={"code": code}, headers={**member.auth, **key(1)})
    assert (repeated.status_code, repeated.json) == (201, {"points": 40})
    assert repeated.headers["Idempotency-Replayed"] == "true"
    other = make_member()
    used = client.post("/api/v1/me/claims", json={"code": code}, headers={**other.auth, **key(1)})
    wrong = client.post("/api/v1/me/claims", json={"code": "wrong"}, headers={**other.auth, **key(2)})
    assert used.status_code == wrong.status_code == 404
    for name in ("type", "title", "code", "detail"):
        assert used.json[name] == wrong.json[name]
    assert client.get("/api/v1/me/balance", headers=member.auth).json["available"] == 40


def test_five_misses_close_the_door_for_good_codes_too(client, member, codes):
    code = codes().json["codes"][0]
    for number in range(5):
        answer = client.post("/api/v1/me/claims", json={"code": "x"}, headers={**member.auth, **key(number)})
        assert answer.status_code == 404
    shut = client.post("/api/v1/me/claims", json={"code": code}, headers={**member.auth, **key("good")})
    assert shut.status_code == 429
    assert int(shut.headers["Retry-After"]) > 0
    assert client.get("/api/v1/me/balance", headers=member.auth).json["available"] == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"points": 0}, "points"),
        ({"points": 1_000_001}, "points"),
        ({"points": True}, "points"),
        ({"count": 1001}, "count"),
        ({"count": 1.5}, "count"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "soon"}, "expires_at"),
        ({"member": "u"}, "member"),
    ],
)
def test_a_bad_request_for_codes_is_refused_by_name(codes, body, field):
    answer = codes(**body)
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [field]


def test_codes_are_shown_once(client, make_client):
    source = make_client(["claims:create"])
    headers = {**source.auth, **key(1)}
    first = client.post("/api/v1/claim-codes", json={"points": 5, "count": 3}, headers=headers)
    assert first.status_code == 201
    assert len(first.json["codes"]) == 3
    again = client.post("/api/v1/claim-codes", json={"points": 5, "count": 3}, headers=headers)
    assert again.json["codes"] is None
    assert again.json["batch"] == first.json["batch"]
    gone = client.delete(f"/api/v1/claim-codes/{first.json['batch']}", headers=source.auth)
    assert gone.json == {"batch": first.json["batch"], "revoked": 3}


@pytest.mark.parametrize("code", ["", None, 5, "a\x00b", "x" * 101])
def test_a_code_that_cannot_be_one_is_refused_by_name(client, member, code):
    answer = client.post("/api/v1/me/claims", json={"code": code}, headers={**member.auth, **key(1)})
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == ["code"]
