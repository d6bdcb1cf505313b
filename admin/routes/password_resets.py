"""New passwords for members who lost theirs and every recovery code: one asks, another approves and gets the link."""

from __future__ import annotations

from typing import Any

from flask import current_app, request
from marshmallow import fields

from admin.acting import acting
from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Choice, Instant, StrictSchema, Text
from mall.http.pagination import PageQuery, list_schema
from mall.http.principals import fresh, staff
from mall.identity.care_models import PasswordReset
from mall.identity.resets import (
    STATES,
    approve_reset,
    ask_reset,
    reject_reset,
    reset_page,
    reset_request,
)

blp = api_blueprint("admin-password-resets", __name__, description="New passwords for members, by two persons")
READERS = staff("rules", "auditor")
EDITORS = staff("rules")
ONE = "/admin/password-resets/<reset_id>"
ACCOUNT = ("account_not_active", "no_password", "colleagues_account")


class NewResetSchema(StrictSchema):
    """Whose password, why, and how the member was recognised."""

    member = Text(1, 60, required=True)
    reason = Text(1, 500, required=True, lines=True)
    identified = Text(1, 500, required=True, lines=True)


class ResetRefusalSchema(StrictSchema):
    """Why a request is refused."""

    reason = Text(1, 500, required=True, lines=True)


class ResetQuery(PageQuery):
    """Requests in one state."""

    state = Choice(STATES)


class ResetSchema(StrictSchema):
    """A request and what became of it; ``expires_at``: until when its link is good, unless it was used."""

    id = fields.String(required=True)
    member = fields.String(required=True, attribute="member_id")
    reason = fields.String(required=True)
    identified = fields.String(required=True)
    state = fields.String(required=True)
    requested_by = fields.String(required=True)
    requested_at = Instant(required=True)
    decided_by = fields.String(required=True, allow_none=True)
    decided_at = Instant(required=True, allow_none=True)
    decision_note = fields.String(required=True, allow_none=True)
    expires_at = Instant(required=True, allow_none=True)
    used_at = Instant(required=True, allow_none=True)


class ApprovedResetSchema(ResetSchema):
    """An approved request; ``link`` is shown once, null when the answer is a repeat."""

    link = fields.String(required=True, allow_none=True)
    secret_shown_once = fields.Boolean()


@endpoint(
    blp, "GET", "/admin/password-resets", auth=READERS, login=Login.BACKOFFICE, query=ResetQuery,
    response=list_schema(ResetSchema),
)  # fmt: skip
def list_password_resets(call: Call) -> Any:
    return reset_page(call.tx, call.query.get("state"), call.query["limit"], call.query.get("cursor"))


@endpoint(blp, "GET", ONE, auth=READERS, login=Login.BACKOFFICE, response=ResetSchema)
def get_password_reset(call: Call, reset_id: str) -> Any:
    return reset_request(call.tx, reset_id)


@endpoint(
    blp, "POST", "/admin/password-resets", auth=EDITORS, login=Login.BACKOFFICE, body=NewResetSchema,
    response=ResetSchema, status=201, errors=("reset_asked", *ACCOUNT),
)  # fmt: skip
def post_password_reset(call: Call, body: dict[str, Any]) -> Any:
    """Ask for a new password; another person has to approve it."""
    return ask_reset(call.tx, body["member"], body["reason"], body["identified"], acting(call))


@endpoint(
    blp, "POST", f"{ONE}/approve", auth=fresh(EDITORS), login=Login.BACKOFFICE, response=ApprovedResetSchema,
    idempotency="required", errors=("already_decided", "own_request", *ACCOUNT), secret_fields=("link",),
)  # fmt: skip
def approve_password_reset(call: Call, reset_id: str) -> Any:
    """Make the link, good once within 24 hours, to be handed over in person. Whoever approved may do it again to
    replace a link that was lost."""
    row, token = approve_reset(call.tx, reset_id, acting(call))
    return {**{name: getattr(row, name) for name in _NAMES}, "link": link_of(token)}


@endpoint(
    blp, "POST", f"{ONE}/reject", auth=EDITORS, login=Login.BACKOFFICE, body=ResetRefusalSchema,
    response=ResetSchema, errors=("already_decided", "own_request"),
)  # fmt: skip
def reject_password_reset(call: Call, body: dict[str, Any], reset_id: str) -> PasswordReset:
    return reject_reset(call.tx, reset_id, body["reason"], acting(call))


def link_of(token: str) -> str:
    """The address that the member opens."""
    base = current_app.extensions["settings"].public_url or request.url_root.rstrip("/")
    return f"{base}/reset/{token}"


_NAMES = tuple(field.attribute or name for name, field in ResetSchema().fields.items())
