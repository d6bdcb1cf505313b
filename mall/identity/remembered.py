"""Idempotency keys for routes that open their own transactions because they hash a password first."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import marshmallow as ma
from flask import Response, request
from sqlalchemy.orm import Session

from mall.crypto import keyring
from mall.http import idempotency
from mall.http.call import Call
from mall.json_text import compact

_PURPOSE = "idempotency-fingerprint"


def remembered_owner(caller: str, scope: str) -> str:
    """The name under which the answers to ``caller`` are remembered."""
    return f"{caller}/{keyring().hmac16(_PURPOSE, scope).hex()}"


def remembered(
    tx: Session,
    call: Call,
    scope: str,
    body: Mapping[str, Any],
    effect: Callable[[], Any],
    *,
    schema: ma.Schema,
    secret_fields: tuple[str, ...] = (),
) -> Response:
    """201 with ``effect``'s value, or the first answer again for the same ``Idempotency-Key``.

    ``scope`` keeps callers without a credential apart: two people may choose one key. The body holds a
    password, so what is kept of it is an HMAC and not a plain hash that could be guessed at.
    """

    def respond() -> Response:
        text = compact(schema.dump(effect()))
        return Response(text, status=201, content_type="application/json")

    key = idempotency.check_form(request.headers.get("Idempotency-Key"), required=False)
    if key is None:
        return respond()
    canonical = json.dumps([request.method, request.full_path, body], sort_keys=True)
    owner = remembered_owner(call.principal.name, scope)
    asked = keyring().hmac16(_PURPOSE, canonical)
    return idempotency.once(tx, owner, key, asked, call.now, respond, secret_fields)
