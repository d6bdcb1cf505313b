"""Reporting systems over HTTP: credit events."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import text

from mall.db import Login

URL = "/api/v1/credit-events"
TIP = {
    "id": "tip-0001/adopted",
    "type": "tip.outcome",
    "member": "u-829",
    "occurred_at": "2026-11-20T10:00:00+08:00",
    "data": {"case": "tip-0001", "stage": "adopted", "grade": 2},
}


@pytest.fixture
def source(make_client):
    return make_client(["credits:write", "credits:explicit", "members:read", "login:create", "claims:create"])


@pytest.fixture
def post(client, source):
    return lambda body, url=URL, **headers: client.post(url, json=body, headers={**source.auth, **headers})


def nothing_booked(run):
    count = "SELECT (SELECT count(*) FROM sources.credit_events) + (SELECT count(*) FROM ledger.postings)"
    return run(Login.EARNING, lambda tx: tx.execute(text(count)).scalar()) == 0


def test_a_tip_outcome_is_booked_as_documented(post):
    answer = post(TIP)
    assert answer.status_code == 201
    body = answer.json
    assert body["id"].startswith("cev_")
    assert {key: body[key] for key in ("event_id", "status", "points")} == {
        "event_id": "tip-0001/adopted",
        "status": "booked",
        "points": 30,
    }
    (award,) = body["awards"]
    assert {key: award[key] for key in ("rule", "rule_version", "points", "explanation")} == {
        "rule": "tip-outcome",
        "rule_version": 1,
        "points": 30,
        "explanation": ["stage adopted: 20", "grade 2: × 1.5"],
    }


def test_a_repeat_gets_the_same_bytes(post):
    first = post(TIP)
    again = post(TIP)
    assert again.status_code == 200
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.data == first.data


def test_the_same_id_with_other_content_is_a_conflict(post):
    post(TIP)
    answer = post({**TIP, "data": {**TIP["data"], "grade": 3}})
    assert (answer.status_code, answer.json["code"]) == (409, "event_mismatch")


def test_an_event_is_found_by_either_id(client, post, source):
    booked = post(TIP).json
    for name in (booked["id"], "tip-0001/adopted", "tip-0001%2Fadopted"):
        answer = client.get(f"{URL}/{name}", headers=source.auth)
        assert (answer.status_code, answer.json) == (200, booked)


def test_another_clients_event_is_not_found(client, post, make_client):
    booked = post(TIP).json
    stranger = make_client(["credits:write"])
    for name in (booked["id"], TIP["id"]):
        assert client.get(f"{URL}/{name}", headers=stranger.auth).status_code == 404
        assert client.post(f"{URL}/{name}/reversal", json={"reason": "x"}, headers=stranger.auth).status_code == 404


def test_a_reversal_answers_once_and_repeats_itself(client, post, source):
    booked = post(TIP).json
    first = post({"reason": "sent twice"}, f"{URL}/{TIP['id']}/reversal")
    assert first.status_code == 201
    assert first.json == {
        "id": booked["id"], "event_id": TIP["id"], "status": "reversed", "points": -30,
    }  # fmt: skip
    again = post({"reason": "again"}, f"{URL}/{booked['id']}/reversal")
    assert (again.status_code, again.json) == (200, first.json)
    shown = client.get(f"{URL}/{booked['id']}", headers=source.auth).json
    assert shown["status"] == "reversed"


def test_a_batch_says_what_became_of_each(post):
    post(TIP)
    events = [
        TIP,
        {**TIP, "id": "b", "data": {"case": "tip-2", "stage": "received"}},
        {**TIP, "id": "c", "data": {"case": "tip-2", "stage": "nonsense"}},
        {**TIP, "data": {"case": "tip-0001", "stage": "solved"}},
        "nonsense",
    ]
    answer = post({"events": events}, f"{URL}/batch")
    assert answer.status_code == 200
    body = answer.json
    assert [result["status"] for result in body["results"]] == [200, 201, 422, 409, 422]
    assert [result["index"] for result in body["results"]] == [0, 1, 2, 3, 4]
    assert (body["booked"], body["replayed"], body["rejected"]) == (1, 1, 3)
    assert list(body["results"][2]["problem"]["errors"]) == ["data.stage"]
    assert body["results"][3]["problem"]["code"] == "event_mismatch"


def test_a_batch_of_1001_is_refused_whole(post, run):
    events = [{**TIP, "id": f"e{i}"} for i in range(1001)]
    answer = post({"events": events}, f"{URL}/batch")
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == ["events"]
    assert nothing_booked(run)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id": None}, "id"),
        ({"id": 1}, "id"),
        ({"member": "a\x00b"}, "member"),
        ({"occurred_at": "2026-11-20T10:00:00"}, "occurred_at"),
        ({"occurred_at": "2036-11-20T10:00:00Z"}, "occurred_at"),
        ({"type": "check.in"}, "type"),
        ({"data": {"case": "c", "stage": "adopted", "grade": 6}}, "data.grade"),
        ({"data": {"case": "c", "stage": "adopted", "grade": True}}, "data.grade"),
        ({"data": {"case": "c", "stage": "adopted", "share": 1.5}}, "data.share"),
        ({"data": {"case": "c", "stage": "adopted", "share": 2**63}}, "data.share"),
        ({"data": {"stage": "adopted"}}, "data.case"),
        ({"extra": 1}, "extra"),
        ({"type": "points.credit", "data": {"points": 1, "label": "unheard-of"}}, "data.label"),
    ],
)
def test_a_bad_field_is_named_and_nothing_is_booked(post, run, change, field):
    answer = post({**TIP, **change})
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert list(answer.json["errors"]) == [field]
    assert nothing_booked(run)


def test_scopes_are_asked_for(client, make_client, run):
    assert client.post(URL, json=TIP).status_code == 401
    reader = make_client(["members:read"])
    assert client.post(URL, json=TIP, headers=reader.auth).status_code == 403
    writer = make_client(["credits:write"])
    credit = {**TIP, "type": "points.credit", "data": {"points": 5, "label": "bonus"}}
    answer = client.post(URL, json=credit, headers=writer.auth)
    assert (answer.status_code, answer.json["code"]) == (403, "scope_missing")
    assert nothing_booked(run)


def test_events_are_listed_for_reconciling(client, post, source, make_client):
    for number in range(5):
        post({**TIP, "id": f"e{number}", "data": {"case": f"c{number}", "stage": "received"}})
    first = client.get(f"{URL}?limit=3&posted_after=2026-01-01T00:00:00+08:00", headers=source.auth).json
    second = client.get(f"{URL}?limit=3&cursor={first['next_cursor']}", headers=source.auth).json
    assert [item["event_id"] for item in first["items"] + second["items"]] == [f"e{i}" for i in range(5)]
    assert second["next_cursor"] is None
    late = client.get(f"{URL}?posted_after=2036-01-01T00:00:00Z", headers=source.auth).json
    assert late == {"items": [], "next_cursor": None}
    stranger = make_client(["credits:write"])
    assert client.get(URL, headers=stranger.auth).json["items"] == []


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "cursor=x", "posted_after=yesterday", "page=2"])
def test_a_bad_query_is_refused(client, source, query):
    assert client.get(f"{URL}?{query}", headers=source.auth).status_code == 422


def test_the_same_event_from_many_threads_is_booked_once(app, source):
    answers = []

    def send():
        answers.append(app.test_client().post(URL, json=TIP, headers=source.auth))

    threads = [threading.Thread(target=send) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200] * 11 + [201]
    assert len({answer.data for answer in answers}) == 1


def test_a_source_sees_a_persons_figures_until_the_account_is_claimed(client, post, source, run):
    post({**TIP, "member": "u/8 2".replace(" ", "/")})
    seen = client.get("/api/v1/members/u%2F8%2F2", headers=source.auth)
    assert seen.json == {
        "member": "u/8/2", "claimed": False, "available": 30, "pending": 0, "held": 0, "debt": 0,
    }  # fmt: skip
    run(Login.OWNER, lambda tx: tx.execute(text("UPDATE members SET claimed_at = now()")))
    hidden = client.get("/api/v1/members/u/8/2", headers=source.auth).json
    assert hidden == {
        "member": "u/8/2", "claimed": True, "available": None, "pending": None, "held": None, "debt": None,
    }  # fmt: skip
    assert client.get("/api/v1/members/u-unknown", headers=source.auth).status_code == 404


def test_a_login_link_leads_only_into_the_mall(post):
    good = post({"member": "u-1", "next": "/gifts/1"}, "/api/v1/login-links")
    assert good.status_code == 201
    assert set(good.json) == {"url", "expires_at"}
    for target in ("//evil.example", "https://evil.example", "/\\evil"):
        answer = post({"member": "u-1", "next": target}, "/api/v1/login-links")
        assert (answer.status_code, list(answer.json["errors"])) == (422, ["next"])
