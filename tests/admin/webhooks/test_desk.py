"""Webhooks in the back office, as an owner's browser gets them."""

from __future__ import annotations

import re

import pytest

from tests.admin.pages.conftest import desk

__all__ = ["desk"]


@pytest.fixture
def owner(desk):
    return desk("owner")


def test_an_owner_makes_an_endpoint_tries_it_and_sends_again(hooks, receiver, owner):
    source = hooks.source()
    form = {"url": receiver.url + "/x", "description": "Warehouse", "events": ["order.placed"], "client_id": source.id}
    made = owner.post("/admin/new-webhook", data=form)
    secret = re.search(r"whsec_[A-Za-z0-9+/=]{44}", made.text)
    assert made.status_code == 200 and secret and made.headers["Cache-Control"] == "no-store"
    endpoint = hooks.sql("SELECT id FROM webhook_endpoints WHERE client_id = :id", id=source.id)
    page = f"/admin/webhooks/{endpoint}"
    assert "whsec_" not in owner.get(page).text and "Warehouse" in owner.get("/admin/webhooks").text
    assert owner.post(f"{page}/test").status_code == 303
    hooks.secrets[endpoint] = secret.group()
    hooks.pass_on()
    assert [told["type"] for told in hooks.verified(endpoint, "/x")] == ["webhook.test"]
    listed = owner.get(f"{page}?state=delivered").text
    assert "webhook.test" in listed and "HTTP 204" in listed
    again = re.search(rf"{page}/deliveries/dlv_[0-9a-z]+/redeliver", listed)
    assert again and owner.post(again.group()).status_code == 303
    hooks.pass_on()
    assert len({headers["webhook-id"] for headers, _ in receiver.seen["/x"]}) == 1 and len(receiver.seen["/x"]) == 2


def test_what_is_refused_stays_typed_with_the_reason_at_its_field(hooks, owner):
    wrong = owner.post("/admin/new-webhook", data={"url": "ftp://x.example/", "description": "Mine", "events": []})
    assert wrong.status_code == 422 and "Mine" in wrong.text and 'aria-describedby="f-url-help"' in wrong.text
    endpoint = hooks.hook("/x")
    page = f"/admin/webhooks/{endpoint}"
    none = owner.post(page, data={"url": hooks.receiver.url + "/y", "description": "Mine", "events": []})
    assert none.status_code == 422 and "Mine" in none.text and 'id="events-help"' in none.text
    assert hooks.sql("SELECT array_agg(url) FROM webhook_endpoints") == [hooks.receiver.url + "/x"]


def test_secrets_are_renewed_and_ended_and_an_endpoint_is_switched_and_removed(hooks, owner):
    page = f"/admin/webhooks/{hooks.hook('/x')}"
    assert "whsec_" in owner.post(f"{page}/secret").text
    assert "two signatures" in owner.get(page).text
    assert owner.post(f"{page}/former-secret").status_code == 303 and "two signatures" not in owner.get(page).text
    owner.post(f"{page}/active", data={"active": "0"})
    assert hooks.sql("SELECT active FROM webhook_endpoints") is False
    owner.post(f"{page}/active", data={"active": "1"})
    form = {"url": hooks.receiver.url + "/y", "description": "", "events": ["stock.low", "order.placed"]}
    assert owner.post(page, data=form).status_code == 303
    assert hooks.sql("SELECT events FROM webhook_endpoints WHERE active") == ["order.placed", "stock.low"]
    assert owner.post(f"{page}/remove").headers["Location"] == "/admin/webhooks"
    assert owner.get(page).status_code == 404
    deeds = "SELECT array_agg(action ORDER BY id) FROM audit_entries WHERE action LIKE 'webhook.%'"
    assert hooks.sql(deeds) == [
        "webhook.created", "webhook.secret", "webhook.former_secret_ended", "webhook.changed", "webhook.changed",
        "webhook.changed", "webhook.removed",
    ]  # fmt: skip
