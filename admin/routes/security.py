"""What owners decide about how staff sign in, and about points moved by hand."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from marshmallow import fields

from admin.acting import acting
from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Flag, StrictSchema, Whole
from mall.http.principals import OWNER_ROLE, fresh, staff
from mall.identity.staff_security import otp_required, require_otp, without_authenticator
from points.adjustments.limits import Limits, change_limits, read_limits
from points.adjustments.rules import MOST_POINTS

blp = api_blueprint("admin-security", __name__, description="Security and approvals: the owner's settings")
READERS = staff("auditor")
OWNER = fresh(staff(OWNER_ROLE))
MOST_MONTH = 10**12


class SecurityInSchema(StrictSchema):
    """``otp_required``: who has no authenticator may sign in only to set one up."""

    otp_required = Flag(required=True)


class SecuritySchema(StrictSchema):
    """The setting in force, and how many who may sign in have no authenticator."""

    otp_required = fields.Boolean(required=True)
    without_authenticator = fields.Integer(required=True)


class AdjustmentLimitsInSchema(StrictSchema):
    """``most_points``: of one request. ``month_points``: that one person may ask for in a month; null: any.
    ``owner_above_points``: requests of more are approved by an owner alone; null: by whoever may."""

    most_points = Whole(1, MOST_POINTS, required=True)
    month_points = Whole(1, MOST_MONTH, required=True, allow_none=True)
    owner_above_points = Whole(0, MOST_MONTH, required=True, allow_none=True)


class AdjustmentLimitsSchema(StrictSchema):
    """The limits in force. A second person decides always."""

    most_points = fields.Integer(required=True)
    month_points = fields.Integer(required=True, allow_none=True)
    owner_above_points = fields.Integer(required=True, allow_none=True)


def _security(call: Call) -> dict[str, Any]:
    return {"otp_required": otp_required(call.tx), "without_authenticator": without_authenticator(call.tx)}


@endpoint(blp, "GET", "/admin/security", auth=READERS, login=Login.BACKOFFICE, response=SecuritySchema)
def get_security(call: Call) -> dict[str, Any]:
    return _security(call)


@endpoint(
    blp, "PUT", "/admin/security", auth=OWNER, login=Login.BACKOFFICE, body=SecurityInSchema, response=SecuritySchema,
    errors=("own_authenticator_missing",),
)  # fmt: skip
def put_security(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """It counts from everybody's next request; whoever switches it on must have an authenticator."""
    require_otp(call.tx, body["otp_required"], call.staff.staff_id, call.now, call.request_id)
    return _security(call)


@endpoint(
    blp, "GET", "/admin/adjustment-limits", auth=staff("rules", "auditor"), login=Login.BACKOFFICE,
    response=AdjustmentLimitsSchema,
)  # fmt: skip
def get_adjustment_limits(call: Call) -> dict[str, Any]:
    return asdict(read_limits(call.tx))


@endpoint(
    blp, "PUT", "/admin/adjustment-limits", auth=OWNER, login=Login.BACKOFFICE, body=AdjustmentLimitsInSchema,
    response=AdjustmentLimitsSchema,
)  # fmt: skip
def put_adjustment_limits(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    return asdict(change_limits(call.tx, Limits(**body), acting(call)))
