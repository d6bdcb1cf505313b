"""Points given, taken or forgiven by hand: one asks, another approves."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from marshmallow import ValidationError, fields

from admin.acting import acting
from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Choice, Instant, StrictSchema, Text, Whole
from mall.http.pagination import PageQuery, list_schema
from mall.http.principals import fresh, staff
from mall.two_persons import STATES
from points.adjustments.requests import Wanted, adjustment, adjustment_page, approve, ask, reject
from points.adjustments.rules import MOST_POINTS, REASONS

blp = api_blueprint("admin-adjustments", __name__, description="Points given, taken or forgiven by two persons")
READERS = staff("rules", "auditor")
EDITORS = staff("rules")
ONE = "/admin/adjustments/<adjustment_id>"
REFUSALS = ("already_decided", "own_request", "own_account", "own_team")


def _not_zero(points: int) -> None:
    if points == 0:
        raise ValidationError(_("Must not be 0."))


class NewAdjustmentSchema(StrictSchema):
    """Points for a member, less than 0 to take them, into debt if need be."""

    member = Text(1, 60, required=True)
    points = Whole(-MOST_POINTS, MOST_POINTS, required=True, validate=_not_zero)
    reason = Choice(REASONS, required=True)
    note = Text(0, 500, lines=True)


class NewWriteOffSchema(StrictSchema):
    """Debt of a member to be forgiven."""

    member = Text(1, 60, required=True)
    points = Whole(1, MOST_POINTS, required=True)
    reason = Choice(REASONS, required=True)
    note = Text(0, 500, lines=True)


class AdjustmentRefusalSchema(StrictSchema):
    """Why a request is refused."""

    reason = Text(1, 500, required=True, lines=True)


class AdjustmentQuery(PageQuery):
    """Requests in one state."""

    state = Choice(STATES)


class AdjustmentSchema(StrictSchema):
    """A request and what became of it."""

    id = fields.String(required=True)
    kind = fields.String(required=True)
    member = fields.String(required=True, attribute="member_id")
    points = fields.Integer(required=True)
    reason = fields.String(required=True)
    note = fields.String(required=True)
    state = fields.String(required=True)
    requested_by = fields.String(required=True)
    requested_at = Instant(required=True)
    decided_by = fields.String(required=True, allow_none=True)
    decided_at = Instant(required=True, allow_none=True)
    decision_note = fields.String(required=True, allow_none=True)


@endpoint(
    blp, "GET", "/admin/adjustments", auth=READERS, login=Login.BACKOFFICE, query=AdjustmentQuery,
    response=list_schema(AdjustmentSchema),
)  # fmt: skip
def list_adjustments(call: Call) -> Any:
    return adjustment_page(call.tx, call.query.get("state"), call.query["limit"], call.query.get("cursor"))


@endpoint(blp, "GET", ONE, auth=READERS, login=Login.BACKOFFICE, response=AdjustmentSchema)
def get_adjustment(call: Call, adjustment_id: str) -> Any:
    return adjustment(call.tx, adjustment_id)


@endpoint(
    blp, "POST", "/admin/adjustments", auth=EDITORS, login=Login.BACKOFFICE, body=NewAdjustmentSchema,
    response=AdjustmentSchema, status=201, idempotency="required",
    errors=("own_account", "own_team", "adjustment_too_large", "month_limit_reached", "too_much_open"),
)  # fmt: skip
def post_adjustment(call: Call, body: dict[str, Any]) -> Any:
    return ask(call.tx, wanted("adjustment", body), acting(call))


@endpoint(
    blp, "POST", "/admin/write-offs", auth=EDITORS, login=Login.BACKOFFICE, body=NewWriteOffSchema,
    response=AdjustmentSchema, status=201, idempotency="required",
    errors=("own_account", "own_team", "adjustment_too_large", "month_limit_reached", "too_much_open", "debt_exceeded"),
)  # fmt: skip
def post_write_off(call: Call, body: dict[str, Any]) -> Any:
    """Ask to forgive debt; listed, approved and rejected with the adjustments."""
    return ask(call.tx, wanted("write_off", body), acting(call))


@endpoint(
    blp, "POST", f"{ONE}/approve", auth=fresh(EDITORS), login=Login.BACKOFFICE, response=AdjustmentSchema,
    idempotency="required", errors=(*REFUSALS, "debt_exceeded"),
)  # fmt: skip
def approve_adjustment(call: Call, adjustment_id: str) -> Any:
    return approve(call.tx, adjustment_id, acting(call))


@endpoint(
    blp, "POST", f"{ONE}/reject", auth=EDITORS, login=Login.BACKOFFICE, body=AdjustmentRefusalSchema,
    response=AdjustmentSchema, errors=REFUSALS,
)  # fmt: skip
def reject_adjustment(call: Call, body: dict[str, Any], adjustment_id: str) -> Any:
    return reject(call.tx, adjustment_id, body["reason"], acting(call))


def wanted(kind: str, body: dict[str, Any]) -> Wanted:
    """What a body of the API asks for."""
    return Wanted(kind, body["member"], body["points"], body["reason"], body.get("note", ""))
