"""One step for many orders at once, each in a transaction of its own, with what became of each."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from marshmallow import ValidationError, fields, validate, validates_schema

from admin.orders import ADVANCED, ALREADY, REFUSED, Outcome, advance_many
from admin.routes.orders import WORKERS, blp
from catalog.redemption.lifecycle import Status
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Choice, StrictSchema, Text
from mall.http.problems import sentence_of

MOST = 100
"""Orders of one call."""
STEPS = (Status.CONFIRMED, Status.PREPARING, Status.SHIPPED, Status.READY, Status.ISSUED, Status.COMPLETED,
         Status.CANCELLED)  # fmt: skip
"""Steps that are taken for many at once; a return is looked at piece by piece."""


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


@endpoint(
    blp, "POST", "/admin/orders/bulk", auth=WORKERS, login=None, body=BulkSchema, response=BulkAnswerSchema,
)  # fmt: skip
def post_orders_bulk(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Each order in a transaction of its own. Sent twice it does nothing twice, so it needs no Idempotency-Key."""
    return {"items": [_wire(one) for one in advance_many(call, body["orders"], body)]}


def _wire(one: Outcome) -> dict[str, Any]:
    item = {"order": one.order_id, "result": one.result}
    return item if one.error is None else {**item, "code": one.error.code, "detail": sentence_of(one.error)}
