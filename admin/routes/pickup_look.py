"""What waits for a pickup code, before it is handed over: for a desk of one's own."""

from __future__ import annotations

from typing import Any

from marshmallow import fields
from sqlalchemy.orm import Session

from admin.routes.orders import WORKERS, PickupSchema
from catalog.redemption.pickup import Waiting, counting_misses, find_waiting
from catalog.wording import in_language
from mall.db import Login, run_tx
from mall.errors import NotFound
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import StrictSchema
from mall.i18n import language

blp = api_blueprint("admin-pickup-look", __name__, description="What waits for a pickup code")


class WaitingSchema(StrictSchema):
    """An item and its label, never price, balance or member. ``ready``: it can be handed over now."""

    order = fields.String(required=True)
    number = fields.String(required=True)
    gift = fields.String(required=True)
    variant = fields.String(required=True, allow_none=True)
    quantity = fields.Integer(required=True)
    pickup_point = fields.String(required=True, allow_none=True)
    status = fields.String(required=True)
    ready = fields.Boolean(required=True)


@endpoint(blp, "POST", "/admin/pickups/look", auth=WORKERS, login=None, body=PickupSchema, response=WaitingSchema)
def post_pickup_look(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Changes nothing, but a code that nothing waits for counts as a miss, as in handing over."""

    def work(tx: Session) -> Waiting | NotFound:
        def attempt() -> Waiting:
            return find_waiting(tx, body["code"], call.staff.name, call.now)

        return counting_misses(tx, call.staff.staff_id, call.now, attempt)

    found = run_tx(Login.BACKOFFICE, work)
    if isinstance(found, NotFound):
        raise found
    reader = language()
    return {
        "order": found.order_id, "number": found.number, "gift": in_language(found.gift_name, reader),
        "variant": in_language(found.variant_name, reader) or None, "quantity": found.quantity,
        "pickup_point": in_language(found.point_name, reader) or None, "status": found.status, "ready": found.ready,
    }  # fmt: skip
