"""Webhooks, for owners: where events are sent, and what became of each message."""

from __future__ import annotations

import json
from typing import Any

import marshmallow as ma
from marshmallow import fields

from admin.acting import traced
from catalog.routes.schemas import ID_MOST
from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Choice, Flag, Instant, StrictSchema, Text
from mall.http.ids import checked_id
from mall.http.pagination import PageQuery, decode_cursor, list_schema, page_of
from mall.http.principals import OWNER_ROLE, fresh, staff
from mall.webhooks.address import MAX_URL
from mall.webhooks.deliveries import deliveries_page, redeliver, try_endpoint, waiting_by_endpoint
from mall.webhooks.endpoints import (
    add_endpoint,
    change_endpoint,
    end_former_secret,
    endpoints,
    get_endpoint,
    refuse_address,
    remove_endpoint,
    renew_secret,
)
from mall.webhooks.events import EVENTS
from mall.webhooks.models import DeliveryState, WebhookDelivery, WebhookEndpoint
from mall.webhooks.shared_secret import former_until

blp = api_blueprint("admin-webhooks", __name__, description="Webhooks: endpoints and deliveries")
OWNER = staff(OWNER_ROLE)
MANAGER = fresh(OWNER)
STATES = tuple(state.value for state in DeliveryState)


def _events(*, required: bool) -> fields.List:
    return fields.List(Choice(tuple(EVENTS)), required=required, validate=ma.validate.Length(1, len(EVENTS)))


class WebhookChangeSchema(StrictSchema):
    """What may change of an endpoint; one that is not active is sent nothing, and nothing new is kept for it."""

    url = Text(8, MAX_URL)
    events = _events(required=False)
    description = Text(0, 200)
    active = Flag()


class WebhookInSchema(WebhookChangeSchema):
    """A new endpoint. ``client_id``: the reporting system whose it is; null or absent: the mall's own."""

    url = Text(8, MAX_URL, required=True)
    events = _events(required=True)
    client_id = Text(1, ID_MOST, allow_none=True)


class WebhookSchema(StrictSchema):
    """An endpoint and its health. ``off_reason``: why the mall switched it off itself (``gone``, ``failing``).

    ``former_secret_until``: until when messages carry a second signature. ``waiting``: messages not delivered yet.
    """

    id = fields.String(required=True)
    url = fields.String(required=True)
    events = fields.List(fields.String(), required=True)
    client_id = fields.String(required=True, allow_none=True)
    description = fields.String(required=True)
    active = fields.Boolean(required=True)
    off_reason = fields.String(required=True, allow_none=True)
    created_at = Instant(required=True)
    former_secret_until = Instant(required=True, allow_none=True)
    last_success_at = Instant(required=True, allow_none=True)
    failing_since = Instant(required=True, allow_none=True)
    last_answer = fields.String(required=True, allow_none=True)
    waiting = fields.Integer(required=True)


class WebhookWithSecretSchema(WebhookSchema):
    """An endpoint and its secret, shown once."""

    secret = fields.String(required=True, allow_none=True)
    secret_shown_once = fields.Boolean()


class WebhookDeliverySchema(StrictSchema):
    """A message to an endpoint. ``message`` is its ``webhook-id``; ``answer``: a status, or a word without one."""

    id = fields.String(required=True)
    message = fields.String(required=True)
    type = fields.String(required=True)
    state = fields.String(required=True, metadata={"enum": list(STATES)})
    attempts = fields.Integer(required=True)
    next_at = Instant(required=True, allow_none=True)
    last_at = Instant(required=True, allow_none=True)
    answer = fields.String(required=True, allow_none=True)
    ms = fields.Integer(required=True, allow_none=True)
    created_at = Instant(required=True)
    delivered_at = Instant(required=True, allow_none=True)
    body = fields.Dict(required=True)


class DeliveriesQuery(PageQuery):
    """Which deliveries."""

    state = Choice(STATES)


def webhook_wire(call: Call, one: WebhookEndpoint, waiting: dict[str, int]) -> dict[str, Any]:
    """An endpoint without its secret, in wire form."""
    names = (
        "id", "url", "events", "client_id", "description", "active", "off_reason", "created_at", "last_success_at",
        "failing_since", "last_answer",
    )  # fmt: skip
    view = {name: getattr(one, name) for name in names}
    return {**view, "former_secret_until": former_until(one, call.now), "waiting": waiting.get(one.id, 0)}


def _view(call: Call, one: WebhookEndpoint) -> dict[str, Any]:
    return webhook_wire(call, one, waiting_by_endpoint(call.tx))


def delivery_wire(found: WebhookDelivery) -> dict[str, Any]:
    """A delivery in wire form."""
    names = ("id", "type", "state", "attempts", "next_at", "last_at", "answer", "ms", "created_at", "delivered_at")
    view = {name: getattr(found, name) for name in names}
    return {**view, "message": found.message_id, "body": json.loads(found.body)}


def webhooks_wire(call: Call) -> dict[str, Any]:
    """The page of endpoints that the query asks for."""
    limit = call.query["limit"]
    seen = decode_cursor(call.query.get("cursor"), str)
    found = page_of(endpoints(call.tx, limit + 1, seen[0] if seen else None), limit, lambda one: (one.id,))
    waiting = waiting_by_endpoint(call.tx)
    return {**found, "items": [webhook_wire(call, one, waiting) for one in found["items"]]}


def _look_at_address(body: dict[str, Any]) -> None:
    if "url" in body:
        refuse_address(body["url"])


@endpoint(
    blp, "GET", "/admin/webhooks", auth=OWNER, login=Login.BACKOFFICE, query=PageQuery,
    response=list_schema(WebhookSchema),
)  # fmt: skip
def list_webhooks(call: Call) -> dict[str, Any]:
    return webhooks_wire(call)


@endpoint(
    blp, "POST", "/admin/webhooks", auth=MANAGER, login=Login.BACKOFFICE, body=WebhookInSchema, before=_look_at_address,
    response=WebhookWithSecretSchema, status=201, secret_fields=("secret",),
)  # fmt: skip
def post_webhook(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """The secret is in this answer and nowhere else; a repeat with the same key shows null."""
    made, secret = add_endpoint(call.tx, body, *traced(call))
    return {**_view(call, made), "secret": secret}


@endpoint(blp, "GET", "/admin/webhooks/<webhook_id>", auth=OWNER, login=Login.BACKOFFICE, response=WebhookSchema)
def get_webhook(call: Call, webhook_id: str) -> dict[str, Any]:
    return _view(call, get_endpoint(call.tx, checked_id(webhook_id)))


@endpoint(
    blp, "PATCH", "/admin/webhooks/<webhook_id>", auth=MANAGER, login=Login.BACKOFFICE, body=WebhookChangeSchema,
    before=_look_at_address, response=WebhookSchema,
)  # fmt: skip
def patch_webhook(call: Call, body: dict[str, Any], webhook_id: str) -> dict[str, Any]:
    """Switched on again, what waited goes on, and past failures do not count."""
    known = checked_id(webhook_id)
    return _view(call, change_endpoint(call.tx, known, body, *traced(call)))


@endpoint(blp, "DELETE", "/admin/webhooks/<webhook_id>", auth=OWNER, login=Login.BACKOFFICE, status=204)
def delete_webhook(call: Call, webhook_id: str) -> None:
    """With all that waits for it and its list of deliveries."""
    remove_endpoint(call.tx, checked_id(webhook_id), *traced(call))


@endpoint(
    blp, "POST", "/admin/webhooks/<webhook_id>/secret", auth=MANAGER, login=Login.BACKOFFICE,
    response=WebhookWithSecretSchema, status=201, secret_fields=("secret",),
)  # fmt: skip
def post_webhook_secret(call: Call, webhook_id: str) -> dict[str, Any]:
    """A new secret. For 24 hours messages carry signatures of both, unless the former one is ended before."""
    made, secret = renew_secret(call.tx, checked_id(webhook_id), *traced(call))
    return {**_view(call, made), "secret": secret}


@endpoint(blp, "DELETE", "/admin/webhooks/<webhook_id>/former-secret", auth=OWNER, login=Login.BACKOFFICE, status=204)
def delete_former_secret(call: Call, webhook_id: str) -> None:
    """From now on messages carry one signature, that of the newest secret."""
    end_former_secret(call.tx, checked_id(webhook_id), *traced(call))


@endpoint(
    blp, "POST", "/admin/webhooks/<webhook_id>/test", auth=OWNER, login=Login.BACKOFFICE,
    response=WebhookDeliverySchema, status=202,
)  # fmt: skip
def post_webhook_test(call: Call, webhook_id: str) -> dict[str, Any]:
    """Queue one `webhook.test`; how it went is in the list of deliveries seconds later."""
    made = try_endpoint(call.tx, checked_id(webhook_id), *traced(call))
    return delivery_wire(made)


@endpoint(
    blp, "GET", "/admin/webhooks/<webhook_id>/deliveries", auth=OWNER, login=Login.BACKOFFICE, query=DeliveriesQuery,
    response=list_schema(WebhookDeliverySchema),
)  # fmt: skip
def list_webhook_deliveries(call: Call, webhook_id: str) -> dict[str, Any]:
    """Of the last 30 days, the newest first."""
    query = call.query
    found = deliveries_page(call.tx, checked_id(webhook_id), query.get("state"), query["limit"], query.get("cursor"))
    return {**found, "items": [delivery_wire(one) for one in found["items"]]}


@endpoint(
    blp, "POST", "/admin/webhooks/<webhook_id>/deliveries/<delivery_id>/redeliver", auth=OWNER, login=Login.BACKOFFICE,
    response=WebhookDeliverySchema, status=202, errors=("webhook_off",),
)  # fmt: skip
def post_redelivery(call: Call, webhook_id: str, delivery_id: str) -> dict[str, Any]:
    """Send it again now, with the same `webhook-id`."""
    known, found = checked_id(webhook_id), checked_id(delivery_id)
    return delivery_wire(redeliver(call.tx, known, found, *traced(call)))
