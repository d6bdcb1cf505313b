"""Reporting systems and their keys, for owners."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import marshmallow as ma
from marshmallow import fields

from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Choice, Flag, Instant, StrictSchema, Text, Whole
from mall.http.pagination import PageQuery, decode_cursor, list_schema, page_of
from mall.http.principals import OWNER_ROLE, fresh, staff
from mall.identity.api_clients import (
    NewClient,
    ShownKey,
    add_key,
    change_client,
    create_client,
    find_client,
    keys_of,
    list_clients,
    revoke_key,
)
from mall.identity.models import ApiClient, ApiKey
from mall.identity.roles import SCOPES

blp = api_blueprint("admin-api-clients", __name__, description="Reporting systems and their keys")
OWNER = staff(OWNER_ROLE)
MANAGER = fresh(OWNER)
MOST_NETWORKS = 50


def _scopes(*, required: bool) -> fields.List:
    limits = ma.validate.Length(1, len(SCOPES))
    return fields.List(Choice(SCOPES), required=required, validate=limits)


def _networks() -> fields.List:
    return fields.List(Text(1, 64), allow_none=True, validate=ma.validate.Length(1, MOST_NETWORKS))


class ClientInSchema(StrictSchema):
    """A new client. ``daily_cap_points`` null: no cap; ``allowed_networks`` null: from anywhere."""

    name = Text(1, 80, required=True)
    scopes = _scopes(required=True)
    daily_cap_points = Whole(0, allow_none=True)
    allowed_networks = _networks()
    signed_only = Flag()
    key_expires_at = Instant()


class ClientChangeSchema(StrictSchema):
    """What may change of a client."""

    scopes = _scopes(required=False)
    daily_cap_points = Whole(0, allow_none=True)
    allowed_networks = _networks()
    disabled = Flag()


class KeyInSchema(StrictSchema):
    """Another key; it ends after a year unless told otherwise."""

    expires_at = Instant()


class KeySchema(StrictSchema):
    """A key without its secret."""

    id = fields.String(required=True)
    created_at = Instant(required=True)
    expires_at = Instant(required=True, allow_none=True)
    revoked_at = Instant(required=True, allow_none=True)
    last_used_at = Instant(required=True, allow_none=True)


class ClientSchema(StrictSchema):
    """A client."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    scopes = fields.List(fields.String(), required=True)
    daily_cap_points = fields.Integer(required=True, allow_none=True)
    allowed_networks = fields.List(fields.String(), required=True, allow_none=True)
    signed_only = fields.Boolean(required=True)
    disabled = fields.Boolean(required=True)
    created_at = Instant(required=True)
    keys = fields.List(fields.Nested(KeySchema), required=True)


class NewKeySchema(StrictSchema):
    """A key with its secret, shown once; ``key`` is null when the answer is a repeat."""

    key_id = fields.String(required=True)
    key = fields.String(required=True, allow_none=True)
    expires_at = Instant(required=True, allow_none=True)
    secret_shown_once = fields.Boolean()


class NewClientSchema(ClientSchema):
    """A new client with its first key, shown once."""

    key_id = fields.String(required=True)
    key = fields.String(required=True, allow_none=True)
    secret_shown_once = fields.Boolean()


def _view(client: ApiClient, keys: list[ApiKey]) -> dict[str, Any]:
    names = ("id", "name", "scopes", "daily_cap_points", "allowed_networks", "signed_only", "created_at")
    view = {name: getattr(client, name) for name in names}
    return {**view, "disabled": client.disabled_at is not None, "keys": keys}


def _view_of(call: Call, client_id: str) -> dict[str, Any]:
    return _view(find_client(call.tx, client_id), keys_of(call.tx, [client_id])[client_id])


def _shown(key: ShownKey) -> dict[str, Any]:
    return {"key_id": key.id, "key": key.secret, "expires_at": key.expires_at}


@endpoint(
    blp, "GET", "/admin/api-clients", auth=OWNER, login=Login.BACKOFFICE, query=PageQuery,
    response=list_schema(ClientSchema),
)  # fmt: skip
def list_api_clients(call: Call) -> dict[str, Any]:
    limit = call.query["limit"]
    last = decode_cursor(call.query.get("cursor"), str)
    clients = list_clients(call.tx, limit + 1, last[0] if last else None)
    keys = keys_of(call.tx, [client.id for client in clients])
    return page_of([_view(client, keys[client.id]) for client in clients], limit, lambda view: (view["id"],))


@endpoint(blp, "GET", "/admin/api-clients/<client_id>", auth=OWNER, login=Login.BACKOFFICE, response=ClientSchema)
def get_api_client(call: Call, client_id: str) -> dict[str, Any]:
    return _view_of(call, client_id)


@endpoint(
    blp, "POST", "/admin/api-clients", auth=MANAGER, login=Login.BACKOFFICE, body=ClientInSchema,
    response=NewClientSchema, status=201, errors=("client_exists",), secret_fields=("key",),
)  # fmt: skip
def post_api_client(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    expires_at: datetime | None = body.pop("key_expires_at", None)
    client = create_client(call.tx, NewClient(**body), call.now, call.principal.name)
    key = add_key(call.tx, client.id, call.now, call.principal.name, expires_at)
    return {**_view_of(call, client.id), "key_id": key.id, "key": key.secret}


@endpoint(
    blp, "PATCH", "/admin/api-clients/<client_id>", auth=MANAGER, login=Login.BACKOFFICE, body=ClientChangeSchema,
    response=ClientSchema,
)  # fmt: skip
def patch_api_client(call: Call, body: dict[str, Any], client_id: str) -> dict[str, Any]:
    change_client(call.tx, client_id, body, call.now, call.principal.name)
    return _view_of(call, client_id)


@endpoint(
    blp, "POST", "/admin/api-clients/<client_id>/keys", auth=MANAGER, login=Login.BACKOFFICE, body=KeyInSchema,
    response=NewKeySchema, status=201, errors=("too_many_keys",), secret_fields=("key",),
)  # fmt: skip
def post_api_key(call: Call, body: dict[str, Any], client_id: str) -> dict[str, Any]:
    return _shown(add_key(call.tx, client_id, call.now, call.principal.name, body.get("expires_at")))


@endpoint(
    blp, "DELETE", "/admin/api-clients/<client_id>/keys/<key_id>", auth=MANAGER, login=Login.BACKOFFICE, status=204
)
def delete_api_key(call: Call, client_id: str, key_id: str) -> None:
    revoke_key(call.tx, client_id, key_id, call.now, call.principal.name)
