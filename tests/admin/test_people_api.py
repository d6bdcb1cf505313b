"""The back office over HTTP: members, the audit trail, API clients; and who may see that there is anything."""

from __future__ import annotations

import threading
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from mall import audit
from mall.audit import AuditEntry
from mall.db import Login, engine
from mall.identity.models import ApiClient, ApiKey

ADMIN = "/api/v1/admin"
CLIENTS = f"{ADMIN}/api-clients"
KNOWN = ["members", "members/mem_1", "audit", "api-clients", "api-clients/cli_1"]


@pytest.fixture
def owner(make_staff):
    return make_staff("owner")


@pytest.mark.parametrize("path", [*KNOWN, "", "nothing", "nothing/at/all", "members/mem_1/nothing"])
def test_strangers_learn_nothing_of_what_is_there(client, make_member, make_client, path):
    url = f"{ADMIN}/{path}".rstrip("/")
    for method in ("GET", "POST", "PUT", "DELETE"):
        assert client.open(url, method=method).status_code == 401
        for caller in (make_member(), make_client()):
            answer = client.open(url, method=method, headers=caller.auth)
            assert (answer.status_code, answer.json["code"]) == (403, "staff_required")


def test_staff_see_404_and_405_where_there_is_nothing(client, owner):
    assert client.get(f"{ADMIN}/nothing", headers=owner.auth).status_code == 404
    answer = client.put(f"{ADMIN}/members", headers=owner.auth)
    assert (answer.status_code, "GET" in answer.headers["Allow"]) == (405, True)


@pytest.mark.parametrize(
    ("role", "seen"),
    [
        ("owner", [200, 404, 200, 200]),
        ("auditor", [200, 404, 200, 403]),
        ("rules", [200, 404, 403, 403]),
        ("catalog", [200, 404, 403, 403]),
        ("fulfilment", [403, 403, 403, 403]),
    ],
)
def test_each_role_sees_its_part(client, make_staff, role, seen):
    auth = make_staff(role).auth
    assert [client.get(f"{ADMIN}/{path}", headers=auth).status_code for path in KNOWN[:4]] == seen


def test_members_are_found_by_beginning_and_in_pages(client, owner, make_member):
    ids = [make_member(f"tea-{letter}", f"茶友{letter}").id for letter in "abcd"]
    make_member("coffee_", "Percy %")
    page = client.get(f"{ADMIN}/members?q=TEA-&limit=3", headers=owner.auth).json
    assert [item["id"] for item in page["items"]] == ids[:0:-1]
    assert set(page["items"][0]) == {"id", "username", "nickname", "status", "created_at"}
    rest = client.get(f"{ADMIN}/members?q=TEA-&limit=3&cursor={page['next_cursor']}", headers=owner.auth).json
    assert ([item["id"] for item in rest["items"]], rest["next_cursor"]) == (ids[:1], None)
    for asked, found in ((ids[2], 1), ("茶友b", 1), ("coffee_", 1), ("coffe_", 0), ("percy %", 1), ("%", 0)):
        answer = client.get(f"{ADMIN}/members", query_string={"q": asked}, headers=owner.auth)
        assert len(answer.json["items"]) == found
    assert client.get(f"{ADMIN}/members?cursor=x", headers=owner.auth).status_code == 422


def test_a_member_is_shown_with_figures_and_without_secrets(client, owner, make_member):
    member = make_member("somebody")
    body = client.get(f"{ADMIN}/members/{member.id}", headers=owner.auth).json
    assert body["balance"] == {"available": 0, "pending": 0, "held": 0, "debt": 0}
    assert set(body) == {
        "id", "username", "nickname", "status", "created_at", "claimed_at", "alias_of", "household", "balance",
    }  # fmt: skip


def test_a_client_is_created_with_a_key_that_is_shown_once(client, owner, run):
    body = {"name": "tips", "scopes": ["credits:write"], "daily_cap_points": 500, "allowed_networks": ["192.0.2.7"]}
    answer = client.post(CLIENTS, json=body, headers={**owner.auth, "Idempotency-Key": "one"})
    assert answer.status_code == 201
    made = answer.json
    assert (made["scopes"], made["daily_cap_points"]) == (["credits:write"], 500)
    assert (made["allowed_networks"], made["signed_only"]) == (["192.0.2.7/32"], False)
    assert made["key"].startswith("mall_live_")
    assert made["keys"][0]["id"] == made["key_id"]
    again = client.post(CLIENTS, json=body, headers={**owner.auth, "Idempotency-Key": "one"})
    assert (again.status_code, again.json["key"], again.json["secret_shown_once"]) == (201, None, True)
    listed = client.get(CLIENTS, headers=owner.auth)
    assert made["key"] not in listed.text
    assert [item["id"] for item in listed.json["items"]] == [made["id"]]
    taken = client.post(CLIENTS, json=body, headers=owner.auth)
    assert (taken.status_code, taken.json["code"]) == (409, "client_exists")
    assert run(Login.BACKOFFICE, lambda tx: tx.scalar(select(func.count()).select_from(ApiClient))) == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"scopes": ["everything"]}, "scopes.0"),
        ({"scopes": []}, "scopes"),
        ({"scopes": "credits:write"}, "scopes"),
        ({"daily_cap_points": -1}, "daily_cap_points"),
        ({"daily_cap_points": True}, "daily_cap_points"),
        ({"daily_cap_points": 2**63}, "daily_cap_points"),
        ({"allowed_networks": ["nowhere"]}, "allowed_networks"),
        ({"key_expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"name": ""}, "name"),
        ({"owner": "me"}, "owner"),
    ],
)
def test_a_client_that_cannot_be_is_422_and_not_made(client, owner, run, change, field):
    answer = client.post(CLIENTS, json={"name": "tips", "scopes": ["credits:write"], **change}, headers=owner.auth)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])
    assert run(Login.BACKOFFICE, lambda tx: tx.scalar(select(func.count()).select_from(ApiClient))) == 0


def test_keys_rotate_two_at_a_time_and_die_at_once(client, owner, make_client):
    source = make_client(["members:read"])
    keys = f"{CLIENTS}/{source.id}/keys"
    second = client.post(keys, json={}, headers=owner.auth)
    assert second.status_code == 201
    third = client.post(keys, json={}, headers=owner.auth)
    assert (third.status_code, third.json["code"]) == (409, "too_many_keys")
    fresh = {"Authorization": f"Bearer {second.json['key']}"}
    for headers in (source.auth, fresh):
        assert client.get("/api/v1/members/u-1", headers=headers).status_code == 404
    assert client.delete(f"{keys}/{source.key_id}", headers=owner.auth).status_code == 204
    assert client.get("/api/v1/members/u-1", headers=source.auth).status_code == 401
    assert client.get("/api/v1/members/u-1", headers=fresh).status_code == 404
    assert client.delete(f"{keys}/{source.key_id}", headers=owner.auth).status_code == 204
    assert client.delete(f"{keys}/key_none", headers=owner.auth).status_code == 404
    assert client.post(keys, json={}, headers=owner.auth).status_code == 201


def test_five_rotations_at_once_leave_two_live_keys(app, owner, make_client, run):
    source = make_client()
    gate = threading.Barrier(5)
    answers = []

    def rotate():
        with app.test_client() as own:
            gate.wait()
            answers.append(own.post(f"{CLIENTS}/{source.id}/keys", json={}, headers=owner.auth).status_code)

    threads = [threading.Thread(target=rotate) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [201] + [409] * 4
    assert run(Login.BACKOFFICE, lambda tx: tx.scalar(select(func.count()).select_from(ApiKey))) == 2


def test_what_owners_do_is_in_the_audit_trail(client, owner, make_staff):
    made = client.post(CLIENTS, json={"name": "tips", "scopes": ["credits:write"]}, headers=owner.auth).json
    client.patch(f"{CLIENTS}/{made['id']}", json={"daily_cap_points": 5}, headers=owner.auth)
    client.delete(f"{CLIENTS}/{made['id']}/keys/{made['key_id']}", headers=owner.auth)
    auditor = make_staff("auditor")
    query = {"subject": f"client:{made['id']}"}
    page = client.get(f"{ADMIN}/audit", query_string=query, headers=auditor.auth)
    items = page.json["items"]
    assert [item["action"] for item in items] == [
        "client.key_revoked", "client.changed", "client.key_added", "client.created",
    ]  # fmt: skip
    assert {item["actor"] for item in items} == {f"staff:{owner.id}"}
    assert items[1]["detail"] == {"daily_cap_points": 5}
    assert made["key"] not in page.text
    only = client.get(f"{ADMIN}/audit", query_string={**query, "action": "client.created"}, headers=auditor.auth)
    assert [item["id"] for item in only.json["items"]] == [items[3]["id"]]
    two = client.get(f"{ADMIN}/audit", query_string={**query, "limit": 2}, headers=auditor.auth).json
    rest = client.get(f"{ADMIN}/audit", query_string={**query, "cursor": two["next_cursor"]}, headers=auditor.auth).json
    assert [item["id"] for item in two["items"] + rest["items"]] == [item["id"] for item in items]


def test_audit_entries_are_filtered_by_time(client, owner, run, now):
    for hours in (1, 2, 3):
        at = now - timedelta(hours=hours)
        run(Login.EARNING, lambda tx, at=at, n=hours: audit.record(tx, "job:x", f"deed.{n}", "thing:1", {}, at))
    window = {"since": (now - timedelta(hours=2)).isoformat(), "until": (now - timedelta(hours=1)).isoformat()}
    answer = client.get(f"{ADMIN}/audit", query_string=window, headers=owner.auth)
    assert [item["action"] for item in answer.json["items"]] == ["deed.2"]
    assert client.get(f"{ADMIN}/audit?since=yesterday", headers=owner.auth).status_code == 422


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_entries SET actor = 'x'", "DELETE FROM audit_entries", "TRUNCATE audit_entries"]
)
def test_nobody_changes_the_audit_trail_not_even_the_owner(app, run, now, statement):
    run(Login.BACKOFFICE, lambda tx: audit.record(tx, "job:x", "deed", "thing:1", {}, now))
    for login in Login:
        with pytest.raises(DBAPIError) as refused, engine(login).begin() as connection:
            connection.execute(text(statement))
        kind = psycopg.errors.RestrictViolation if login is Login.OWNER else psycopg.errors.InsufficientPrivilege
        assert isinstance(refused.value.orig, kind)
    assert run(Login.BACKOFFICE, lambda tx: tx.scalars(select(AuditEntry.actor)).all()) == ["job:x"]
