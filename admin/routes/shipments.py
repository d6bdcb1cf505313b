"""Parcels, for those who send them: the list of what is to be sent, and the list of what was."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from marshmallow import fields

from admin.shipments import FILES, shipment_wire, to_ship_file
from catalog.fulfilment.carriers import CARRIERS
from catalog.fulfilment.ship import read_parcels, ship_parcels
from mall.db import Login
from mall.errors import Conflict
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Choice, QueryFlag, StrictSchema
from mall.http.pagination import PageQuery, list_schema, page_in_memory
from mall.http.principals import fresh, staff
from mall.sheets import CSV_TYPE, XLSX_TYPE

blp = api_blueprint("admin-shipments", __name__, description="Parcels, for the back office")
SENDERS = staff("fulfilment")


class ShipmentQuery(StrictSchema):
    """``only_good``: book the good lines and leave the others out; else one bad line refuses all."""

    only_good = QueryFlag(load_default=False)


class ParcelSchema(StrictSchema):
    """What became of a line; ``status`` of the order, where it was found."""

    line = fields.Integer(required=True)
    order = fields.String(required=True)
    carrier = fields.String(required=True)
    tracking = fields.String(required=True)
    result = fields.String(required=True)
    reason = fields.String(required=True)
    status = fields.String()


class ShipmentSchema(StrictSchema):
    """What became of a list. ``file``: the same as CSV, with the reasons."""

    shipped = fields.Integer(required=True)
    refused = fields.Integer(required=True)
    lines = fields.List(fields.Nested(ParcelSchema), required=True)
    file = fields.String(required=True)


class ToShipQuery(StrictSchema):
    """``format`` of the file."""

    format = Choice(tuple(FILES), load_default="csv")


class CarrierListedSchema(StrictSchema):
    """A carrier; its code is its id."""

    code = fields.String(required=True)
    name = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


@endpoint(
    blp, "POST", "/admin/orders/shipments", auth=SENDERS, login=Login.BACKOFFICE, query=ShipmentQuery,
    response=ShipmentSchema, idempotency="required", errors=("bad_lines",), body_type=(CSV_TYPE, XLSX_TYPE),
)  # fmt: skip
def post_shipments(call: Call) -> dict[str, Any]:
    """Refused lists name every line: ``lines`` and ``file`` of the refusal are those of the answer."""
    lines = read_parcels(call.raw_body, request.mimetype)
    only_good = call.query["only_good"]
    try:
        shipment = ship_parcels(
            call.tx, lines, call.staff.name, call.now, only_good=only_good, request_id=call.request_id
        )
    except Conflict as error:
        told = shipment_wire(error.extra["shipment"])
        raise Conflict("bad_lines", extra={**told, "shipped": 0, "refused": told["refused"]}) from error
    return shipment_wire(shipment)


@endpoint(blp, "GET", "/admin/orders/to-ship", auth=fresh(SENDERS), login=Login.BACKOFFICE, query=ToShipQuery)
def get_orders_to_ship(call: Call) -> Response:
    """A file with every order that is to be sent. Its last columns, filled in, make it a list of shipments."""
    return to_ship_file(call, call.query["format"])


@endpoint(
    blp, "GET", "/admin/carriers", auth=staff(), login=None, query=PageQuery,
    response=list_schema(CarrierListedSchema),
)  # fmt: skip
def list_carriers(call: Call) -> dict[str, Any]:
    known = [{"code": carrier.code, "name": dict(carrier.name)} for carrier in CARRIERS]
    return page_in_memory(known, call.query, lambda carrier: str(carrier["code"]))
