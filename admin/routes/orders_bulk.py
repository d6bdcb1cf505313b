"""One step for many orders at once, each in a transaction of its own, with what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from marshmallow import ValidationError, fields, validate, validates_schema
from sqlalchemy.orm import Session

from admin.routes.orders import WORKERS, advance_as_staff, blp
from catalog.redemption.lifecycle import Status
from mall.db import Login, run_tx
from mall.errors import MallError
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Choice, StrictSchema, Text
from mall.http.ids import checked_id
from mall.http.problems import sentence_of

MOST = 100
"""Orders of one call."""
STEPS = (Status.CONFIRMED, Status.PREPARING, Status.SHIPPED, Status.READY, Status.ISSUED, Status.COMPLETED,
         Status.CANCELLED)  # fmt: skip
"""Steps that are taken for many at once; a return is looked at piece by piece."""
ADVANCED, ALREADY, REFUSED = "advanced", "already", "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an order. ``result``: advanced, already (it was there before), or refused with ``error``."""

    order_id: str
    result: str
    error: MallError | None = None


class BulkSchema(StrictSchema):
    """Up to 100 orders and where they go; ``reason`` for their history, which cancelling needs."""

    orders = fields.List(Text(1, 40, required=True), required=True, validate=validate.Length(1, MOST))
    to = Choice([step.value for step in STEPS], required=True)
    reason = Text(1, 200)

    @validates_schema  # type: ignore[untyped-decorator]  # marshmallow's has no types
    def _cancelled_with_a_reason(self, body: dict[str, Any], **_kwargs: Any) -> None:
        if body.get("to") == Status.CANCELLED and "reason" not in body:
            raise ValidationError({"reason": [_("Say why: the member is told.")]})


class BulkItemSchema(StrictSchema):
    """What became of one; ``code`` and ``detail`` of a refusal."""

    order = fields.String(required=True)
    result = fields.String(required=True, metadata={"enum": [ADVANCED, ALREADY, REFUSED]})
    code = fields.String()
    detail = fields.String()


class BulkAnswerSchema(StrictSchema):
    """In the order that was asked."""

    items = fields.List(fields.Nested(BulkItemSchema), required=True)


def advance_many(call: Call, orders: Sequence[str], body: dict[str, Any]) -> list[Outcome]:
    """Take the step of ``body`` with each order that it is open to; one that is refused stops no other.

    Asked again it does nothing twice: what is there already is told as such.
    """
    return [_advance_one(call, order_id, body) for order_id in dict.fromkeys(orders)]


def _advance_one(call: Call, order_id: str, body: dict[str, Any]) -> Outcome:
    def work(tx: Session) -> None:
        advance_as_staff(tx, call, checked_id(order_id), body)

    try:
        run_tx(Login.BACKOFFICE, work)
    except MallError as error:
        there = error.code == "illegal_transition" and error.extra.get("order_status") == body["to"]
        return Outcome(order_id, ALREADY) if there else Outcome(order_id, REFUSED, error)
    return Outcome(order_id, ADVANCED)


@endpoint(
    blp, "POST", "/admin/orders/bulk", auth=WORKERS, login=None, body=BulkSchema, response=BulkAnswerSchema,
)  # fmt: skip
def post_orders_bulk(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Each order in a transaction of its own. Sent twice it does nothing twice, so it needs no Idempotency-Key."""
    return {"items": [_wire(one) for one in advance_many(call, body["orders"], body)]}


def _wire(one: Outcome) -> dict[str, Any]:
    item = {"order": one.order_id, "result": one.result}
    return item if one.error is None else {**item, "code": one.error.code, "detail": sentence_of(one.error)}
