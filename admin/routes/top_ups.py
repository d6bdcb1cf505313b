"""Top-ups, for the back office: providers, what a gift asks of them, and those that need a decision."""

from __future__ import annotations

from typing import Any

from flask import current_app
from marshmallow import fields

from admin.acting import traced
from admin.top_ups import decide_and_note, top_ups_wire
from catalog.routes.schemas import ID_MOST
from catalog.topups.models import TopUpProvider
from catalog.topups.providers import (
    add_provider,
    change_provider,
    connect_gift,
    connection_of,
    get_provider,
    providers,
    renew_secret,
)
from catalog.topups.states import TARGETS, State
from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Choice, Flag, Instant, StrictSchema, Text
from mall.http.ids import checked_id
from mall.http.pagination import PageQuery, list_schema, page_in_memory
from mall.http.principals import fresh, staff
from mall.webhooks.address import MAX_URL

blp = api_blueprint("admin-top-ups", __name__, description="Top-ups and their providers, for the back office")
EDITORS = staff("catalog")
READERS = staff("catalog", "auditor")
WORKERS = staff("fulfilment")


class ProviderChangeSchema(StrictSchema):
    """Changes of a provider; one that is not active is sent nothing until it is again."""

    name = Text(1, 80)
    url = Text(8, MAX_URL)
    active = Flag()


class NewProviderSchema(ProviderChangeSchema):
    """A new provider."""

    name = Text(1, 80, required=True)
    url = Text(8, MAX_URL, required=True)


class ProviderSchema(StrictSchema):
    """A provider. ``callback``: where it may say, signed, how an order stands."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    url = fields.String(required=True)
    active = fields.Boolean(required=True)
    callback = fields.String(required=True)
    created_at = Instant(required=True)


class ProviderWithSecretSchema(ProviderSchema):
    """A provider and its secret, shown once."""

    secret = fields.String(required=True, allow_none=True)
    secret_shown_once = fields.Boolean()


class ConnectionSchema(StrictSchema):
    """Who tops up for a gift, with which product, and what the member is asked for."""

    provider = Text(1, ID_MOST, required=True)
    product = Text(1, 100, required=True)
    target = Choice(TARGETS, required=True)


class TopUpsQuery(PageQuery):
    """Which top-ups."""

    state = Choice([state.value for state in State])


class TopUpSchema(StrictSchema):
    """A top-up. ``account`` only for roles that may have to top it up by hand."""

    order = fields.String(required=True)
    number = fields.String(required=True)
    order_status = fields.String(required=True)
    gift_name = fields.String(required=True)
    quantity = fields.Integer(required=True)
    provider = fields.String(required=True)
    product = fields.String(required=True)
    state = fields.String(required=True, metadata={"enum": [state.value for state in State]})
    attempts = fields.Integer(required=True)
    next_at = Instant(required=True, allow_none=True)
    problem = fields.String(required=True, allow_none=True)
    reference = fields.String(required=True, allow_none=True)
    account = fields.String()


class TopUpDecisionSchema(StrictSchema):
    """What becomes of a top-up: tried again, done by other means, or its points given back."""

    outcome = Choice(("retry", "done", "refund"), required=True)
    reason = Text(1, 200, required=True)


def _private() -> bool:
    return bool(current_app.extensions["settings"].webhooks_to_private)


def provider_wire(provider: TopUpProvider) -> dict[str, Any]:
    """A provider without its secret, in wire form."""
    public = current_app.extensions["settings"].public_url
    names = ("id", "name", "url", "active", "created_at")
    callback = f"{public}/api/v1/top-up-callbacks/{provider.id}"
    return {**{name: getattr(provider, name) for name in names}, "callback": callback}


@endpoint(
    blp, "GET", "/admin/top-up-providers", auth=READERS, login=Login.BACKOFFICE, query=PageQuery,
    response=list_schema(ProviderSchema),
)  # fmt: skip
def list_top_up_providers(call: Call) -> dict[str, Any]:
    return page_in_memory([provider_wire(one) for one in providers(call.tx)], call.query, lambda one: str(one["id"]))


@endpoint(
    blp, "GET", "/admin/top-up-providers/<provider_id>", auth=READERS, login=Login.BACKOFFICE,
    response=ProviderSchema,
)  # fmt: skip
def get_top_up_provider(call: Call, provider_id: str) -> dict[str, Any]:
    return provider_wire(get_provider(call.tx, checked_id(provider_id)))


@endpoint(
    blp, "POST", "/admin/top-up-providers", auth=fresh(EDITORS), login=Login.BACKOFFICE, body=NewProviderSchema,
    response=ProviderWithSecretSchema, status=201, secret_fields=("secret",),
)  # fmt: skip
def post_top_up_provider(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    made, secret = add_provider(
        call.tx, body, call.staff.name, call.now, private=_private(), request_id=call.request_id
    )  # fmt: skip
    return {**provider_wire(made), "secret": secret}


@endpoint(
    blp, "PATCH", "/admin/top-up-providers/<provider_id>", auth=fresh(EDITORS), login=Login.BACKOFFICE,
    body=ProviderChangeSchema, response=ProviderSchema,
)  # fmt: skip
def patch_top_up_provider(call: Call, body: dict[str, Any], provider_id: str) -> dict[str, Any]:
    known = checked_id(provider_id)
    changed = change_provider(
        call.tx, known, body, call.staff.name, call.now, private=_private(), request_id=call.request_id
    )  # fmt: skip
    return provider_wire(changed)


@endpoint(
    blp, "POST", "/admin/top-up-providers/<provider_id>/secret", auth=fresh(EDITORS), login=Login.BACKOFFICE,
    response=ProviderWithSecretSchema, status=201, secret_fields=("secret",),
)  # fmt: skip
def post_top_up_secret(call: Call, provider_id: str) -> dict[str, Any]:
    """For 24 hours messages carry signatures of both secrets, and both are taken."""
    provider, secret = renew_secret(call.tx, checked_id(provider_id), *traced(call))
    return {**provider_wire(provider), "secret": secret}


@endpoint(
    blp, "GET", "/admin/gifts/<gift_id>/top-up", auth=READERS, login=Login.BACKOFFICE, response=ConnectionSchema,
)  # fmt: skip
def get_gift_top_up(call: Call, gift_id: str) -> dict[str, str]:
    return connection_of(call.tx, checked_id(gift_id))


@endpoint(
    blp, "PUT", "/admin/gifts/<gift_id>/top-up", auth=EDITORS, login=Login.BACKOFFICE, body=ConnectionSchema,
    response=ConnectionSchema, errors=("not_virtual",),
)  # fmt: skip
def put_gift_top_up(call: Call, body: dict[str, Any], gift_id: str) -> Any:
    """From now on the gift can be ordered; orders placed before keep what they asked for."""
    return connect_gift(call.tx, checked_id(gift_id), body, *traced(call)).top_up


@endpoint(
    blp, "GET", "/admin/top-ups", auth=staff("fulfilment", "catalog", "auditor"), login=Login.BACKOFFICE,
    query=TopUpsQuery, response=list_schema(TopUpSchema),
)  # fmt: skip
def list_top_ups(call: Call) -> dict[str, Any]:
    return top_ups_wire(call)


@endpoint(
    blp, "POST", "/admin/top-ups/<order_id>/decide", auth=WORKERS, login=Login.BACKOFFICE, body=TopUpDecisionSchema,
    idempotency="required", status=204, errors=("top_up_ended",),
)  # fmt: skip
def decide_top_up(call: Call, body: dict[str, Any], order_id: str) -> None:
    decide_and_note(call, checked_id(order_id), body)
