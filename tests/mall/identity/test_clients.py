"""API clients: keys, scopes, networks, signatures."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from http_message_signatures import HTTPMessageSigner, MappingKeyResolver
from http_message_signatures.algorithms import HMAC_SHA256
from sqlalchemy import select, text, update

from mall.db import Login
from mall.identity.models import ApiKey
from mall.identity.tokens import digest

READ = "/api/v1/members/u-1"
LINKS = "/api/v1/login-links"
SCOPES = ["members:read", "login:create"]
BASE = "http://localhost"


@dataclass
class Message:
    method: str
    url: str
    headers: dict


def signed(client, source, method, path, body=None, **change):
    """Send a request signed as documented; ``change`` spoils it."""
    raw = b"" if body is None else json.dumps(body).encode()
    headers = {"Host": "localhost", **change.get("headers", {})}
    if raw:
        headers["Content-Type"] = "application/json"
    covered = ["@method", "@target-uri"] + (["idempotency-key"] if "Idempotency-Key" in headers else [])
    secret = change.get("secret", source.token).encode()
    keys = MappingKeyResolver(public_keys={}, private_keys={change.get("key_id", source.key_id): secret})
    message = Message(method, BASE + path, headers)
    HTTPMessageSigner(signature_algorithm=HMAC_SHA256, key_resolver=keys).sign(
        message,
        key_id=change.get("key_id", source.key_id),
        created=change.get("created", datetime.now(UTC)),
        nonce=change.get("nonce", f"nonce-{id(message)}-{datetime.now(UTC).timestamp()}"),
        covered_component_ids=[name for name in covered if name not in change.get("leave_out", ())],
        body=raw if raw and not change.get("no_digest") else None,
    )
    sent = {name: value for name, value in message.headers.items() if name != "Host"}
    sent.update(change.get("after", {}))
    return client.open(
        change.get("sent_to", path), method=change.get("method", method), data=change.get("raw", raw), headers=sent
    )


@pytest.fixture
def signer(make_client):
    return make_client(SCOPES, signed_only=True)


def test_a_key_works_and_only_for_its_scopes(client, make_client):
    source = make_client(["members:read"])
    assert client.get(READ, headers=source.auth).status_code == 404
    answer = client.post(LINKS, json={"member": "u-1"}, headers=source.auth)
    assert (answer.status_code, answer.json["code"]) == (403, "scope_missing")


def test_a_key_is_long_and_stored_as_a_digest_alone(make_client, run):
    source = make_client()
    assert source.token.startswith("mall_live_")
    assert len(source.token) == len("mall_live_") + 43
    row = run(Login.EARNING, lambda tx: tx.execute(select(ApiKey.key_hash, ApiKey.secret_box)).one())
    assert (row.key_hash, row.secret_box) == (digest(source.token), None)


@pytest.mark.parametrize(
    "change", [{"revoked_at": datetime(2026, 1, 1, tzinfo=UTC)}, {"expires_at": datetime(2026, 1, 1, tzinfo=UTC)}]
)
def test_a_key_that_ended_is_401(client, make_client, run, change):
    source = make_client(["members:read"])
    run(Login.BACKOFFICE, lambda tx: tx.execute(update(ApiKey).values(**change)) and None)
    answer = client.get(READ, headers=source.auth)
    assert (answer.status_code, answer.json["code"]) == (401, "key_invalid")


def test_a_disabled_client_is_401(client, make_client, make_staff):
    source, owner = make_client(["members:read"]), make_staff("owner")
    url = f"/api/v1/admin/api-clients/{source.id}"
    assert client.patch(url, json={"disabled": True}, headers=owner.auth).json["disabled"] is True
    assert client.get(READ, headers=source.auth).status_code == 401
    client.patch(url, json={"disabled": False}, headers=owner.auth)
    assert client.get(READ, headers=source.auth).status_code == 404


def test_a_key_works_from_its_networks_only(client, make_client):
    source = make_client(["members:read"], allowed_networks=["192.0.2.0/24", "2001:db8::/32"])
    for address, status in (("192.0.2.9", 404), ("2001:db8::9", 404), ("::ffff:192.0.2.9", 404), ("192.0.3.1", 403)):
        answer = client.get(READ, headers=source.auth, environ_overrides={"REMOTE_ADDR": address})
        assert answer.status_code == status
    assert answer.json["code"] == "address_not_allowed"


def test_the_last_use_is_written_at_most_every_ten_minutes(client, make_client, run, now):
    # A call that is refused rolls its mark back too, so a call that succeeds is made.
    source = make_client(["login:create"])

    def used():
        client.post(LINKS, json={"member": "u-1"}, headers=source.auth)
        return run(Login.EARNING, lambda tx: tx.scalar(select(ApiKey.last_used_at)))

    first = used()
    assert first >= now
    assert used() == first
    earlier = first - timedelta(minutes=11)
    run(Login.BACKOFFICE, lambda tx: tx.execute(update(ApiKey).values(last_used_at=earlier)) and None)
    assert used() > first


def test_a_signed_request_is_admitted(client, signer):
    answer = signed(client, signer, "POST", LINKS, {"member": "u-1"})
    assert answer.status_code == 201
    assert signed(client, signer, "GET", "/api/v1/members/u-1").status_code == 200
    headers = {"Idempotency-Key": "one"}
    assert signed(client, signer, "POST", LINKS, {"member": "u-1"}, headers=headers).status_code == 201


def test_a_path_is_signed_as_it_was_written(client, signer):
    signed(client, signer, "POST", LINKS, {"member": "a/b"})
    for path in ("/api/v1/members/a%2Fb", "/api/v1/members/a/b"):
        assert signed(client, signer, "GET", path).status_code == 200


def test_a_signed_only_client_cannot_use_its_key_bare(client, signer):
    answer = client.get(READ, headers=signer.auth)
    assert (answer.status_code, answer.json["code"]) == (401, "signature_required")


def test_another_client_cannot_sign(client, make_client):
    source = make_client(SCOPES)
    assert signed(client, source, "GET", READ).json["code"] == "signature_invalid"


@pytest.mark.parametrize(
    "change",
    [
        {"secret": "mall_live_" + "x" * 43},
        {"key_id": "key_unknown"},
        {"created": datetime.now(UTC) - timedelta(days=1)},
        {"leave_out": ["@target-uri"]},
        {"leave_out": ["@method"]},
        {"no_digest": True},
        {"nonce": None},
        {"nonce": "short"},
        {"raw": b'{"member": "u-2"}'},
        {"sent_to": LINKS + "?x=1"},
        {"headers": {"Idempotency-Key": "one"}, "leave_out": ["idempotency-key"]},
        {"headers": {"Idempotency-Key": "one"}, "after": {"Idempotency-Key": "two"}},
        {"after": {"Signature": "pyhms=:AAAA:"}},
        {"after": {"Signature": "not a dictionary"}},
        {"after": {"Signature-Input": "ü"}},
        {"after": {"Content-Digest": "sha-256=:AAAA:"}},
    ],
    ids=lambda change: "-".join(f"{key}" for key in change),
)
def test_a_signature_that_is_not_good_is_401_and_does_nothing(client, signer, run, change):
    answer = signed(client, signer, "POST", LINKS, {"member": "u-1"}, **change)
    assert (answer.status_code, answer.json["code"]) == (401, "signature_invalid")
    counted = "SELECT (SELECT count(*) FROM used_nonces) + (SELECT count(*) FROM members)"
    assert run(Login.BACKOFFICE, lambda tx: tx.execute(text(counted)).scalar()) == 0


def test_a_signature_is_good_for_300_seconds_either_way(client, signer):
    now = datetime.now(UTC)
    for seconds, status in ((-290, 201), (290, 201), (-310, 401), (310, 401)):
        created = now + timedelta(seconds=seconds)
        assert signed(client, signer, "POST", LINKS, {"member": "u-1"}, created=created).status_code == status


def test_a_nonce_is_good_once_even_if_the_first_call_was_refused(client, signer):
    refused = signed(client, signer, "GET", "/api/v1/members/u-1", nonce="the-same-nonce")
    assert refused.status_code == 404
    again = signed(client, signer, "GET", "/api/v1/members/u-1", nonce="the-same-nonce")
    assert (again.status_code, again.json["code"]) == (401, "signature_invalid")


def test_one_nonce_sent_by_ten_at_once_is_admitted_once(app, signer):
    gate = threading.Barrier(10)
    answers = []

    def send():
        with app.test_client() as own:
            gate.wait()
            answers.append(signed(own, signer, "POST", LINKS, {"member": "u-1"}, nonce="the-same-nonce").status_code)

    threads = [threading.Thread(target=send) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [201] + [401] * 9


def command(app, *args):
    return app.test_cli_runner().invoke(args=["client", "create", *args])


def test_the_command_prints_the_key_alone_on_the_last_line(app, client):
    done = command(app, "tips", "--scope", "members:read", "--scope", "credits:write", "--daily-cap", "500")
    assert done.exit_code == 0, done.output
    key = done.stdout.rstrip("\n").split("\n")[-1]
    assert client.get(READ, headers={"Authorization": f"Bearer {key}"}).status_code == 404


def test_the_command_prints_the_keyid_of_a_signed_only_client(app, run):
    lines = command(app, "tips", "--scope", "members:read", "--signed-only").stdout.splitlines()
    key_id = run(Login.EARNING, lambda tx: tx.scalar(select(ApiKey.id)))
    assert lines[-2] == f"keyid: {key_id}"
    assert lines[-1].startswith("mall_live_")


def test_the_command_refuses_what_it_does_not_know(app, make_client):
    make_client(name="tips")
    taken = command(app, "tips", "--scope", "members:read")
    assert (taken.exit_code, "There is a client of this name already." in taken.output) == (1, True)
    assert command(app, "other", "--scope", "everything").exit_code == 2
    networks = command(app, "other", "--scope", "members:read", "--allow", "nowhere")
    assert (networks.exit_code, "allowed_networks" in networks.output) == (1, True)
