"""How webhooks are delivered: tried again, given up, switched off, signed twice, and lost by nobody."""

from __future__ import annotations

import dataclasses
import socket
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook

from mall.db import Login
from mall.outbox import deliver_due
from mall.webhooks.deliveries import forget_deliveries
from mall.webhooks.dispatch import LEASE, claim, send_due
from mall.webhooks.outcome import asked_wait

DELAYS = [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]


@pytest.fixture
def order(hooks):
    """``order()``: a step of an order, which is one event for who asks for placed orders alone."""
    member, gift = hooks.member(10_000), hooks.gift(1, stock=1000)

    def place():
        answer = hooks.order(member, gift)
        assert answer.status_code == 201
        return answer.json["id"]

    return place


def test_failures_are_tried_again_at_the_documented_times_then_staff_are_told_once(hooks, receiver, order):
    receiver.answers["/x"] = [(500, {}), (302, {"Location": receiver.url + "/elsewhere"}), (404, {}), (500, {})]
    endpoint = hooks.hook("/x", ["order.placed"])
    order(), order()
    moment, waits = datetime.now(UTC), []
    for _ in range(10):
        hooks.pass_on(moment)
        one = hooks.deliveries(endpoint)[-1]
        if one["next_at"]:
            due = datetime.fromisoformat(one["next_at"])
            waits.append(round((due - moment).total_seconds()))
            assert hooks.pass_on(due - timedelta(seconds=1)) == 0
            moment = due
    assert waits == DELAYS
    found = hooks.deliveries(endpoint)
    assert [(one["state"], one["attempts"], one["answer"]) for one in found] == [("failed", 10, "500")] * 2
    assert len(receiver.seen["/x"]) == 20 and receiver.seen["/elsewhere"] == []
    assert len({headers["webhook-id"] for headers, _ in receiver.seen["/x"]}) == 2
    assert len({body for _, body in receiver.seen["/x"]}) == 2
    assert hooks.told_staff() == [("webhook.failing", f"webhook:{endpoint}")]
    assert hooks.get(f"/admin/webhooks/{endpoint}", hooks.owner).json["failing_since"] is not None
    receiver.answers["/x"] = [(200, {})]
    again = hooks.post(f"/admin/webhooks/{endpoint}/deliveries/{found[0]['id']}/redeliver", hooks.owner)
    assert (again.status_code, again.json["state"], again.json["message"]) == (202, "waiting", found[0]["message"])
    assert hooks.pass_on(moment) == 1
    assert hooks.deliveries(endpoint)[0]["state"] == "delivered" and hooks.told_staff() == []


def test_after_a_failure_a_success_settles_it_and_later_steps_of_the_order_waited(hooks, receiver, order):
    receiver.answers["/x"] = [(500, {}), (200, {})]
    endpoint = hooks.hook("/x", ["order.placed", "order.confirmed"])
    order()
    start = datetime.now(UTC)
    assert hooks.pass_on(start) == 1
    assert [told["type"] for told in receiver.told("/x")] == ["order.placed"]
    assert hooks.pass_on(start + timedelta(seconds=5)) == 2
    assert [told["type"] for told in receiver.told("/x")] == ["order.placed", "order.placed", "order.confirmed"]
    health = hooks.get(f"/admin/webhooks/{endpoint}", hooks.owner).json
    assert (health["failing_since"], health["waiting"]) == (None, 0) and health["last_success_at"] is not None
    assert hooks.told_staff() == []


def test_a_receiver_that_is_gone_is_switched_off_and_staff_are_told(hooks, receiver, order):
    receiver.answers["/x"] = [(410, {})]
    endpoint = hooks.hook("/x", ["order.placed"])
    order()
    hooks.pass_on()
    seen = hooks.get(f"/admin/webhooks/{endpoint}", hooks.owner).json
    assert (seen["active"], seen["off_reason"]) == (False, "gone")
    assert [one["state"] for one in hooks.deliveries(endpoint)] == ["failed"]
    assert hooks.told_staff() == [("webhook.off", f"webhook:{endpoint}")]
    order()
    hooks.pass_on()
    assert len(receiver.seen["/x"]) == 1 and len(hooks.deliveries(endpoint)) == 1
    path = f"/admin/webhooks/{endpoint}/deliveries/{hooks.deliveries(endpoint)[0]['id']}/redeliver"
    refused = hooks.post(path, hooks.owner)
    assert (refused.status_code, refused.json["code"]) == (409, "webhook_off")
    receiver.answers["/x"] = [(200, {})]
    on = hooks.post(f"/admin/webhooks/{endpoint}", hooks.owner, {"active": True}, method="PATCH").json
    assert (on["active"], on["off_reason"], on["failing_since"]) == (True, None, None)
    order()
    hooks.pass_on()
    assert len(receiver.seen["/x"]) == 2 and hooks.told_staff() == []


def test_five_days_without_a_success_switch_an_endpoint_off(hooks, receiver, order):
    receiver.answers["/x"] = [(500, {})]
    endpoint = hooks.hook("/x", ["order.placed"])
    order()
    start = datetime.now(UTC)
    hooks.pass_on(start)
    hooks.write("UPDATE webhook_endpoints SET failing_since = failing_since - interval '5 days'")
    hooks.pass_on(start + timedelta(seconds=5))
    seen = hooks.get(f"/admin/webhooks/{endpoint}", hooks.owner).json
    assert (seen["active"], seen["off_reason"], seen["waiting"]) == (False, "failing", 1)
    assert hooks.told_staff() == [("webhook.off", f"webhook:{endpoint}")]
    assert hooks.pass_on(start + timedelta(days=1)) == 0


def test_retry_after_is_believed_of_those_who_are_busy(hooks, receiver, order):
    receiver.answers["/x"] = [(429, {"Retry-After": "600"}), (503, {"Retry-After": "nonsense"}), (200, {})]
    endpoint = hooks.hook("/x", ["order.placed"])
    order()
    start = datetime.now(UTC)
    hooks.pass_on(start)
    due = datetime.fromisoformat(hooks.deliveries(endpoint)[0]["next_at"])
    assert round((due - start).total_seconds()) == 600
    hooks.pass_on(due)
    then = datetime.fromisoformat(hooks.deliveries(endpoint)[0]["next_at"])
    assert round((then - due).total_seconds()) == 300
    now = datetime(2026, 11, 30, 4, 0, tzinfo=UTC)
    assert asked_wait("Mon, 30 Nov 2026 04:01:00 GMT", now) == timedelta(minutes=1)
    assert asked_wait("9" * 30, now) == timedelta(days=1) and asked_wait("-5", now) == timedelta()


def test_a_name_that_has_become_private_gets_nothing(hooks, receiver, order, app, monkeypatch):
    public = [(socket.AF_INET, 1, 6, "", ("1.1.1.1", 443))]
    private = [(socket.AF_INET, 1, 6, "", ("127.0.0.1", 443))]
    strict = dataclasses.replace(app.extensions["settings"], webhooks_to_private=False)
    monkeypatch.setitem(app.extensions, "settings", strict)
    real = socket.getaddrinfo

    def answers(found):
        def look(host, *rest, **more):
            return found if host == "rebound.example" else real(host, *rest, **more)

        monkeypatch.setattr(socket, "getaddrinfo", look)

    answers(private)
    wanted = {"url": "https://rebound.example/x", "events": ["order.placed"]}
    refused = hooks.post("/admin/webhooks", hooks.owner, wanted)
    assert refused.status_code == 422 and list(refused.json["errors"]) == ["url"]
    assert hooks.sql("SELECT count(*) FROM webhook_endpoints") == 0
    answers(public)
    endpoint = hooks.post("/admin/webhooks", hooks.owner, wanted).json["id"]
    order()
    answers(private)
    hooks.pass_on()
    assert [(one["answer"], one["attempts"]) for one in hooks.deliveries(endpoint)] == [("private", 1)]


@pytest.mark.parametrize(
    "url", ["http://example.com/x", "https://127.0.0.1/x", "https://[::1]/", "https://10.0.0.1/", "https://localhost/x",
            "https://u:p@example.com/", "ftp://example.com/", "https://169.254.169.254/latest"],
)  # fmt: skip
def test_addresses_of_our_own_networks_are_refused_when_saved(hooks, app, monkeypatch, url):
    kept = hooks.hook("/x")
    strict = dataclasses.replace(app.extensions["settings"], webhooks_to_private=False)
    monkeypatch.setitem(app.extensions, "settings", strict)
    refused = hooks.post("/admin/webhooks", hooks.owner, {"url": url, "events": ["order.placed"]})
    changed = hooks.post(f"/admin/webhooks/{kept}", hooks.owner, {"url": url}, method="PATCH")
    assert [one.status_code for one in (refused, changed)] == [422, 422] and "url" in changed.json["errors"]
    assert hooks.sql("SELECT array_agg(url) FROM webhook_endpoints") == [hooks.receiver.url + "/x"]


def test_while_a_secret_is_replaced_both_sign_until_a_day_has_passed_or_the_former_is_ended(hooks, receiver, order):
    endpoint = hooks.hook("/x", ["order.placed"])
    first = hooks.secrets[endpoint]
    second = hooks.post(f"/admin/webhooks/{endpoint}/secret", hooks.owner).json["secret"]
    assert second.startswith("whsec_") and second != first
    order()
    start = datetime.now(UTC)
    hooks.pass_on(start)
    headers, body = receiver.seen["/x"][0]
    assert len(headers["webhook-signature"].split()) == 2
    assert Webhook(first).verify(body, headers) == Webhook(second).verify(body, headers)
    order()
    hooks.pass_on(start + timedelta(hours=25))
    assert len(receiver.seen["/x"][1][0]["webhook-signature"].split()) == 1
    third = hooks.post(f"/admin/webhooks/{endpoint}/secret", hooks.owner).json["secret"]
    ended = hooks.post(f"/admin/webhooks/{endpoint}/former-secret", hooks.owner, method="DELETE")
    assert ended.status_code == 204
    order()
    hooks.pass_on()
    headers, body = receiver.seen["/x"][2]
    assert len(headers["webhook-signature"].split()) == 1 and Webhook(third).verify(body, headers)
    stored = hooks.sql("SELECT string_agg(t::text, '') FROM webhook_endpoints AS t")
    assert not any(secret.removeprefix("whsec_") in stored for secret in (first, second, third))
    shown = hooks.get(f"/admin/webhooks/{endpoint}", hooks.owner).get_data(as_text=True)
    assert "whsec_" not in shown


def test_who_dies_while_sending_loses_nothing(hooks, receiver, order):
    endpoint = hooks.hook("/x", ["order.placed"])
    order()
    now = datetime.now(UTC)
    while deliver_due(now):
        pass
    taken = hooks.run(Login.BACKOFFICE, lambda tx: claim(tx, 10, now))
    assert len(taken) == 1
    assert hooks.run(Login.BACKOFFICE, lambda tx: claim(tx, 10, now)) == []
    assert send_due(now + LEASE - timedelta(seconds=1)) == 0
    assert send_due(now + LEASE) == 1
    assert receiver.seen["/x"][0][0]["webhook-id"] == taken[0].message.id
    assert [(one["state"], one["attempts"]) for one in hooks.deliveries(endpoint)] == [("delivered", 2)]


def test_a_slow_receiver_does_not_hold_up_another(hooks, receiver, order):
    receiver.slow["/slow"] = ("/quick", 12)
    hooks.hook("/slow", ["order.placed"])
    hooks.hook("/quick", ["order.placed"])
    for _ in range(12):
        order()
    hooks.pass_on()
    came = receiver.came
    assert came.count("/quick") == came.count("/slow") == 12
    assert came[:16].count("/quick") == 12  # the first four of the other were under way all the time


def test_a_test_is_sent_once_also_to_an_endpoint_that_is_off(hooks, receiver):
    receiver.answers["/x"] = [(500, {})]
    endpoint = hooks.hook("/x", ["order.placed"], active=False)
    queued = hooks.post(f"/admin/webhooks/{endpoint}/test", hooks.owner)
    assert (queued.status_code, queued.json["type"], queued.json["state"]) == (202, "webhook.test", "waiting")
    assert hooks.pass_on() == 1
    one = hooks.deliveries(endpoint)[0]
    assert (one["state"], one["attempts"], one["answer"]) == ("failed", 1, "500")
    assert receiver.told("/x")[0]["data"] == {"endpoint": endpoint}
    assert hooks.pass_on(datetime.now(UTC) + timedelta(days=1)) == 0 and hooks.told_staff() == []


def test_a_closed_client_is_told_nothing(hooks, receiver, order):
    source = hooks.source()
    hooks.hook("/x", client_id=source.id)
    hooks.post(f"/admin/api-clients/{source.id}", hooks.owner, {"disabled": True}, method="PATCH")
    order()
    hooks.pass_on()
    assert receiver.seen["/x"] == [] and hooks.sql("SELECT count(*) FROM webhook_deliveries") == 0


def test_deliveries_are_listed_in_pages_and_forgotten_after_30_days(hooks, receiver, order):
    endpoint = hooks.hook("/x", ["order.placed"])
    for _ in range(3):
        order()
    hooks.pass_on()
    path = f"/admin/webhooks/{endpoint}/deliveries"
    first = hooks.get(f"{path}?limit=2&state=delivered", hooks.owner).json
    rest = hooks.get(f"{path}?limit=2&state=delivered&cursor={first['next_cursor']}", hooks.owner).json
    assert (len(first["items"]), len(rest["items"]), rest["next_cursor"]) == (2, 1, None)
    assert hooks.deliveries(endpoint, "?state=failed") == []
    now = datetime.now(UTC)
    assert forget_deliveries(now + timedelta(days=29)) == {}
    assert forget_deliveries(now + timedelta(days=30, minutes=1)) == {"forgotten": 3}


def test_an_endpoint_that_is_removed_takes_everything_along(hooks, receiver, order):
    receiver.answers["/x"] = [(500, {})]
    endpoint = hooks.hook("/x", ["order.placed"])
    order()
    hooks.pass_on()
    assert hooks.post(f"/admin/webhooks/{endpoint}", hooks.owner, method="DELETE").status_code == 204
    assert hooks.get(f"/admin/webhooks/{endpoint}", hooks.owner).status_code == 404
    assert hooks.sql("SELECT count(*) FROM webhook_deliveries") == 0
    assert hooks.pass_on(datetime.now(UTC) + timedelta(days=1)) == 0


def test_only_the_malls_own_endpoints_hear_of_expired_points(hooks):
    body = {"url": "https://example.com/x", "events": ["points.expired"], "client_id": hooks.source().id}
    refused = hooks.post("/admin/webhooks", hooks.owner, body)
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["events"])
    unknown = hooks.post("/admin/webhooks", hooks.owner, {**body, "client_id": "cli_x", "events": ["stock.low"]})
    assert (unknown.status_code, list(unknown.json["errors"])) == (422, ["client_id"])
    assert hooks.sql("SELECT count(*) FROM webhook_endpoints") == 0
