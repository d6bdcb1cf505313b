"""Orders and pickups, for the back office."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from marshmallow import fields
from sqlalchemy.orm import Session

from admin.orders import SEES_ADDRESSES, SEES_FIGURES, SEES_MEMBERS, advance_as_staff, collect_as_staff
from catalog.fulfilment.carriers import CODES
from catalog.payment.due import staff_payment
from catalog.payment.models import PAYMENT_STATUSES
from catalog.redemption.lifecycle import ORDER_KINDS, Status
from catalog.redemption.pickup import counting_misses
from catalog.redemption.staff_views import StaffOrder, staff_order, staff_orders
from catalog.routes.schemas import CarrierSchema, DeliverySchema
from catalog.routes.wire import carrier_wire
from catalog.wording import in_language
from mall.db import Login, run_tx
from mall.errors import NotFound
from mall.http import idempotency
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Choice, Instant, StrictSchema, Text
from mall.http.ids import checked_id
from mall.http.pagination import PageQuery, list_schema
from mall.http.principals import staff
from mall.i18n import language
from mall.json_text import compact

blp = api_blueprint("admin-orders", __name__, description="Orders, for the back office")
WORKERS = staff("fulfilment")
READERS = staff("fulfilment", "catalog", "auditor")


class OrdersQuery(PageQuery):
    """Which orders."""

    status = Choice([status.value for status in Status])
    kind = Choice(ORDER_KINDS)
    number = Text(1, 40)
    gift = Text(1, 40)
    pickup_point = Text(1, 40)
    since = Instant(data_key="from")
    until = Instant()
    order = Choice(("newest", "oldest"))


class StaffStepSchema(StrictSchema):
    """A step of an order, and who took it."""

    status = fields.String(required=True)
    at = fields.String(required=True)
    by = fields.String(required=True)
    reason = fields.String()


class StaffRefundedSchema(StrictSchema):
    """What was given back of an order; ``points`` only for roles that see prices."""

    quantity = fields.Integer(required=True)
    points = fields.Integer()


class StaffPaymentSchema(StrictSchema):
    """The cash part: ``flag`` is what staff should look at; amounts (minor units) only for roles that see prices."""

    status = fields.String(required=True, metadata={"enum": list(PAYMENT_STATUSES)})
    on_hold = fields.Boolean(required=True)
    flag = fields.String(required=True, allow_none=True)
    currency = fields.String()
    amount = fields.Integer()
    captured = fields.Integer()
    refunded = fields.Integer()
    lost = fields.Integer()


class StaffOrderSchema(StrictSchema):
    """An order; ``points`` and ``member`` only for roles that may see them, ``delivery`` only for those who send."""

    id = fields.String(required=True)
    number = fields.String(required=True)
    status = fields.String(required=True)
    kind = fields.String(required=True)
    gift = fields.String(required=True)
    gift_name = fields.String(required=True)
    variant = fields.String()
    quantity = fields.Integer(required=True)
    pickup_point = fields.String()
    tracking = fields.String()
    carrier = fields.Nested(CarrierSchema)
    placed_at = fields.String(required=True)
    allowed = fields.List(fields.String(), required=True)
    points = fields.Integer()
    refunded = fields.Nested(StaffRefundedSchema)
    member = fields.String()
    delivery = fields.Nested(DeliverySchema)
    payment = fields.Nested(StaffPaymentSchema)
    history = fields.List(fields.Nested(StaffStepSchema))


class AdvanceSchema(StrictSchema):
    """Where an order goes; ``tracking`` and ``carrier`` when it is shipped, ``reason`` for the history."""

    to = Choice([status.value for status in Status], required=True)
    tracking = Text(1, 100)
    carrier = Choice(CODES)
    reason = Text(1, 200)


class PickupSchema(StrictSchema):
    """The code a member shows; spaces and hyphens do not matter."""

    code = Text(1, 32, required=True)


FILTERS = ("status", "kind", "number", "gift", "pickup_point", "since", "until")


def orders_wanted(query: dict[str, Any]) -> dict[str, Any]:
    """A query as ``staff_orders`` takes it."""
    return {**{name: query.get(name) for name in FILTERS}, "oldest": query.get("order") == "oldest"}


def _wire(order: StaffOrder, role: str) -> dict[str, Any]:
    reader, address = language(), order.address
    body = {
        "id": order.id, "number": order.number, "status": order.status, "kind": order.kind, "gift": order.gift_id,
        "gift_name": in_language(order.gift_name, reader), "variant": in_language(order.variant_name, reader) or None,
        "quantity": order.quantity, "pickup_point": order.pickup_point_id, "tracking": order.tracking,
        "carrier": carrier_wire(order.carrier),
        "placed_at": order.placed_at.isoformat(), "allowed": order.allowed,
        "points": order.points if role in SEES_FIGURES else None,
        "refunded": _refunded(order, role) if order.refunded_points else None,
        "member": order.member_id if role in SEES_MEMBERS else None,
        "delivery": address and {"name": address.name, "phone": address.phone, "address": address.address},
    }  # fmt: skip
    return {name: value for name, value in body.items() if value is not None}


def _refunded(order: StaffOrder, role: str) -> dict[str, int]:
    pieces = {"quantity": order.refunded_quantity}
    return {**pieces, "points": order.refunded_points} if role in SEES_FIGURES else pieces


def order_detail(tx: Session, order_id: str, role: str) -> dict[str, Any]:
    """An order with its steps and refunds, as far as ``role`` may see it."""
    order = staff_order(tx, order_id, with_address=role in SEES_ADDRESSES)
    history = []
    for status, at, actor, reason in order.history:
        hidden = actor.startswith("member:") and role not in SEES_MEMBERS
        step = {"status": status, "at": at.isoformat(), "by": "member" if hidden else actor}
        history.append(step if reason is None else {**step, "reason": reason})
    payment = staff_payment(tx, order_id, figures=role in SEES_FIGURES)
    return {**_wire(order, role), "history": history, **({"payment": payment} if payment else {})}


@endpoint(
    blp, "GET", "/admin/orders", auth=READERS, login=Login.BACKOFFICE, query=OrdersQuery,
    response=list_schema(StaffOrderSchema), dump=False,
)  # fmt: skip
def list_admin_orders(call: Call) -> dict[str, Any]:
    orders, next_cursor = staff_orders(
        call.tx, orders_wanted(call.query), call.query["limit"], call.query.get("cursor")
    )
    return {"items": [_wire(order, call.staff.role) for order in orders], "next_cursor": next_cursor}


@endpoint(
    blp, "GET", "/admin/orders/<order_id>", auth=READERS, login=Login.BACKOFFICE, response=StaffOrderSchema,
    dump=False,
)  # fmt: skip
def get_admin_order(call: Call, order_id: str) -> dict[str, Any]:
    return order_detail(call.tx, checked_id(order_id), call.staff.role)


@endpoint(
    blp, "POST", "/admin/orders/<order_id>/advance", auth=WORKERS, login=Login.BACKOFFICE, body=AdvanceSchema,
    response=StaffOrderSchema, idempotency="required", errors=("illegal_transition", "draw_closed"), dump=False,
)  # fmt: skip
def post_advance(call: Call, body: dict[str, Any], order_id: str) -> dict[str, Any]:
    advance_as_staff(call.tx, call, checked_id(order_id), body)
    return order_detail(call.tx, order_id, call.staff.role)


@endpoint(
    blp, "POST", "/admin/pickups", auth=WORKERS, login=None, body=PickupSchema, response=StaffOrderSchema,
    idempotency="required", dump=False,
)  # fmt: skip
def post_pickup(call: Call, body: dict[str, Any]) -> Response:
    """Hand a gift over. Misses are counted although the call that made them changes nothing else."""
    who = call.staff
    key = idempotency.check_form(request.headers.get("Idempotency-Key"), required=True)
    assert key is not None
    asked = idempotency.fingerprint("POST", request.path, body)

    def effect(tx: Session) -> Response:
        order_id = collect_as_staff(tx, call, body["code"])
        text = compact(order_detail(tx, order_id, who.role))
        return Response(text, content_type="application/json")

    def work(tx: Session) -> Response | NotFound:
        def attempt() -> Response:
            return idempotency.once(tx, who.name, key, asked, call.now, lambda: effect(tx))

        return counting_misses(tx, who.staff_id, call.now, attempt)

    outcome = run_tx(Login.BACKOFFICE, work)
    if isinstance(outcome, NotFound):
        raise outcome
    return outcome
