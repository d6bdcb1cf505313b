"""What reporting systems ask for besides credit events: members, login links, claim codes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from marshmallow import fields

from mall.db import Login
from mall.errors import Invalid
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Instant, OpaqueId, Points, StrictSchema, Text, Whole
from mall.http.principals import client
from mall.identity.login_links import create_login_link
from points.earning.book_events import source_of
from points.earning.claim_codes import LONGEST, create_codes, revoke_batch
from points.earning.event_input import MAX_BATCH
from points.earning.event_types import MAX_EXPLICIT_POINTS
from points.earning.members_query import source_member
from points.earning.source_members import member_for
from points.routes.opaque import use_opaque_ids

blp = api_blueprint("sources", __name__, description="Members, login links and claim codes of reporting systems")
use_opaque_ids(blp)


class SourceMemberSchema(StrictSchema):
    """A person as a source may see them; figures are null once the account is claimed."""

    member = fields.String(required=True)
    claimed = fields.Boolean(required=True)
    available = fields.Integer(required=True, allow_none=True)
    pending = fields.Integer(required=True, allow_none=True)
    held = fields.Integer(required=True, allow_none=True)
    debt = fields.Integer(required=True, allow_none=True)


class LoginLinkInSchema(StrictSchema):
    """Whom to sign in, and where to."""

    member = OpaqueId(required=True)
    next = Text(1, 512)


class LoginLinkSchema(StrictSchema):
    """A link that opens the mall once; ``url`` is null when the answer is a repeat."""

    url = fields.String(required=True, allow_none=True)
    expires_at = Instant(required=True)
    secret_shown_once = fields.Boolean()


class ClaimCodesInSchema(StrictSchema):
    """How many codes of how many points."""

    points = Points(1, MAX_EXPLICIT_POINTS, required=True)
    count = Whole(1, MAX_BATCH, required=True)
    expires_at = Instant()


class ClaimCodesSchema(StrictSchema):
    """Codes, shown once; null when the answer is a repeat."""

    batch = fields.String(required=True)
    codes = fields.List(fields.String(), required=True, allow_none=True)
    secret_shown_once = fields.Boolean()


class RevokedSchema(StrictSchema):
    """How many unused codes of a batch were made worthless."""

    batch = fields.String(required=True)
    revoked = fields.Integer(required=True)


@endpoint(
    blp, "GET", "/members/<opaque:member>", auth=client("members:read"), login=Login.EARNING,
    response=SourceMemberSchema,
)  # fmt: skip
def get_source_member(call: Call, member: str) -> dict[str, Any]:
    return source_member(call.tx, call.client.client_id, member, call.now)


@endpoint(
    blp, "POST", "/login-links", auth=client("login:create"), login=Login.EARNING, body=LoginLinkInSchema,
    response=LoginLinkSchema, status=201, idempotency="accepted", secret_fields=("url",),
)  # fmt: skip
def post_login_link(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    member_id = member_for(call.tx, source_of(call.client), body["member"], call.now)
    url, expires_at = create_login_link(call.tx, member_id, body.get("next"), call.now)
    return {"url": url, "expires_at": expires_at}


@endpoint(
    blp, "POST", "/claim-codes", auth=client("claims:create"), login=Login.EARNING, body=ClaimCodesInSchema,
    response=ClaimCodesSchema, status=201, idempotency="required", errors=("daily_cap_reached",),
    secret_fields=("codes",),
)  # fmt: skip
def post_claim_codes(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    expires_at: datetime | None = body.get("expires_at")
    if expires_at is not None and not call.now < expires_at <= call.now + LONGEST:
        raise Invalid({"expires_at": [_("Must lie in the future, at most ten years ahead.")]})
    batch = create_codes(call.tx, source_of(call.client), body["points"], body["count"], expires_at, call.now)
    return {"batch": batch.batch_id, "codes": batch.codes}


@endpoint(
    blp, "DELETE", "/claim-codes/<batch_id>", auth=client("claims:create"), login=Login.EARNING,
    response=RevokedSchema,
)  # fmt: skip
def revoke_claim_codes(call: Call, batch_id: str) -> dict[str, Any]:
    return {"batch": batch_id, "revoked": revoke_batch(call.tx, source_of(call.client), batch_id, call.now)}
