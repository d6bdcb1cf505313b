"""A reporting system compares its own list with what was booked for it."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields

from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Instant, OpaqueId, StrictSchema, Whole
from mall.http.principals import client
from points.earning.reconcile import reconcile
from points.earning.reconcile_lines import MOST_LISTED, Listed

blp = api_blueprint("reconciliation", __name__, description="A source's own list beside what was booked")


class ListedSchema(StrictSchema):
    """An event the source has sent; ``points``: the change it expects, left out for no opinion."""

    id = OpaqueId(required=True)
    points = Whole(-(2**53), 2**53, allow_none=True)


class ReconcileInSchema(StrictSchema):
    """The list. With a period, events booked in it (by ``posted_at``, ``since`` included, ``until`` not) that the
    list lacks are told too."""

    events = fields.List(fields.Nested(ListedSchema), required=True, validate=ma.validate.Length(0, MOST_LISTED))
    since = Instant()
    until = Instant()


class ReconciledEventSchema(StrictSchema):
    """What the mall has: ``points`` that stand now, 0 once the event was reversed."""

    id = fields.String(required=True)
    event_id = fields.String(required=True)
    status = fields.String(required=True)
    points = fields.Integer(required=True)
    posted_at = Instant(required=True)


class DifferingEventSchema(ReconciledEventSchema):
    """An event booked with another figure than ``expected_points``."""

    expected_points = fields.Integer(required=True)


class ReconciliationSchema(StrictSchema):
    """The comparison. ``missing``: ids the mall does not have; ``repeated``: ids the list has more than once."""

    listed = fields.Integer(required=True)
    booked = fields.List(fields.Nested(ReconciledEventSchema), required=True)
    missing = fields.List(fields.String(), required=True)
    differing = fields.List(fields.Nested(DifferingEventSchema), required=True)
    repeated = fields.List(fields.String(), required=True)
    unlisted = fields.List(fields.Nested(ReconciledEventSchema), required=True)
    unlisted_more = fields.Boolean(required=True)


@endpoint(
    blp, "POST", "/credit-events/reconciliation", auth=client("credits:write"), login=Login.EARNING,
    body=ReconcileInSchema, response=ReconciliationSchema,
)  # fmt: skip
def reconcile_credit_events(call: Call, body: dict[str, Any]) -> Any:
    """Compare at most 5,000 events with what was booked; changes nothing. Only the client's own."""
    lines = [Listed(one["id"], one.get("points")) for one in body["events"]]
    return reconcile(call.tx, call.client.client_id, lines, body.get("since"), body.get("until"))
