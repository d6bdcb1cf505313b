"""Where providers say, signed, how a top-up stands that they have accepted."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_babel import gettext as _
from marshmallow import fields

from catalog.routes.schemas import ID_MOST
from catalog.topups.models import TopUp
from catalog.topups.orders import settle
from catalog.topups.providers import get_provider
from catalog.topups.states import LONGEST_REFERENCE, LONGEST_WORDS, State, judge_words
from mall.db import Login
from mall.errors import NotFound, Unauthenticated
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Choice, StrictSchema, Text
from mall.http.ids import checked_id
from mall.http.principals import PUBLIC
from mall.webhooks.shared_secret import secrets_of
from mall.webhooks.signing import is_signed

blp = api_blueprint("top-up-callbacks", __name__, description="For providers of top-ups")


class CallbackSchema(StrictSchema):
    """How an order stands with its provider."""

    order = Text(1, ID_MOST, required=True)
    status = Choice(("done", "accepted", "refused"), required=True)
    reason = Text(0, LONGEST_WORDS)
    reference = Text(0, LONGEST_REFERENCE)


class CallbackAnswerSchema(StrictSchema):
    """How the top-up stands now; a repeat changes nothing and is answered the same."""

    order = fields.String(required=True)
    state = fields.String(required=True, metadata={"enum": [state.value for state in State]})


@endpoint(
    blp, "POST", "/top-up-callbacks/<provider_id>", auth=PUBLIC, login=Login.BACKOFFICE, body=CallbackSchema,
    response=CallbackAnswerSchema,
)  # fmt: skip
def post_top_up_callback(call: Call, body: dict[str, Any], provider_id: str) -> dict[str, str]:
    """Signed as Standard Webhooks 1.0.0 has it, with the provider's secret, not more than five minutes ago."""
    known = checked_id(provider_id)
    provider = get_provider(call.tx, known)
    headers = {name.lower(): value for name, value in request.headers.items()}
    if not is_signed(secrets_of(provider, call.now), headers, call.raw_body, call.now):
        raise Unauthenticated("signature_invalid")
    order_id = checked_id(body["order"])
    found = call.tx.get(TopUp, order_id)
    if found is None or found.provider_id != known:
        raise NotFound(errors={"order": [_("Not found.")]})
    judged = judge_words({name: body.get(name) for name in ("status", "reason", "reference")})
    state = settle(call.tx, order_id, judged, call.now, actor=f"provider:{known}")
    return {"order": order_id, "state": state.value}
