"""Points given back after the gift was had, and from what price staff approve orders."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from admin.acting import traced
from admin.orders import refund_as_staff
from admin.routes.catalog_schemas import MOST_CASH
from admin.routes.orders import StaffOrderSchema, order_detail
from catalog.redemption.policy import Policy, change_policy, read_policy
from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Flag, Points, StrictSchema, Text, Whole
from mall.http.principals import OWNER_ROLE, fresh, staff

blp = api_blueprint("admin-refunds", __name__, description="Refunds and the policy of redemption, for the back office")
REFUNDERS = staff("fulfilment", "catalog")
READERS = staff("catalog", "fulfilment", "auditor")
OWNER = staff(OWNER_ROLE)
MOST_PIECES = 1_000


class OrderRefundSchema(StrictSchema):
    """``quantity`` pieces, or ``points`` (for roles that see prices); neither: all that is left.

    ``cash``: minor units besides (for the same roles), or alone; absent: the same share of it as of the pieces.
    """

    quantity = Whole(1, MOST_PIECES)
    points = Points()
    cash = Whole(0, MOST_CASH)
    restock = Flag(load_default=False)
    reason = Text(1, 200, required=True)


class RedemptionPolicySchema(StrictSchema):
    """``approval_above_points``: orders that cost more are confirmed by staff first; null: only as the gift says."""

    approval_above_points = Whole(0, 1_000_000_000, required=True, allow_none=True)


class RedemptionPolicyShownSchema(StrictSchema):
    """The policy in force."""

    approval_above_points = fields.Integer(required=True, allow_none=True)


@endpoint(
    blp, "POST", "/admin/orders/<order_id>/refunds", auth=REFUNDERS, login=Login.BACKOFFICE, body=OrderRefundSchema,
    response=StaffOrderSchema, status=201, idempotency="required",
    errors=("not_refundable", "refund_exceeded", "illegal_transition", "refund_exceeds_payment", "order_on_hold"),
    dump=False,
)  # fmt: skip
def post_refund(call: Call, body: dict[str, Any], order_id: str) -> dict[str, Any]:
    """Give points back to the lots they came from; the order is refunded when nothing of its price is left."""
    refund_as_staff(call.tx, call, order_id, body)
    return order_detail(call.tx, order_id, call.staff.role)


@endpoint(
    blp, "GET", "/admin/redemption-policy", auth=READERS, login=Login.BACKOFFICE, response=RedemptionPolicyShownSchema
)
def get_policy(call: Call) -> Policy:
    return read_policy(call.tx)


@endpoint(
    blp, "PATCH", "/admin/redemption-policy", auth=fresh(OWNER), login=Login.BACKOFFICE, body=RedemptionPolicySchema,
    response=RedemptionPolicyShownSchema,
)  # fmt: skip
def patch_policy(call: Call, body: dict[str, Any]) -> Policy:
    wanted = Policy(body["approval_above_points"])
    return change_policy(call.tx, wanted, *traced(call))
