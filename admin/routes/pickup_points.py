"""Pickup points, for the back office."""

from __future__ import annotations

from typing import Any

from admin.acting import traced
from admin.routes.point_schemas import AdminPointSchema, NewPointSchema, PointChangeSchema, opening_in, opening_out
from catalog.gifts.models import PickupPoint
from catalog.gifts.shelves import change_pickup_point, create_pickup_point, pickup_points
from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.ids import checked_id
from mall.http.pagination import PageQuery, list_schema, page_in_memory
from mall.http.principals import staff

blp = api_blueprint("admin-pickup-points", __name__, description="Pickup points, for the back office")
EDITORS = staff("catalog")


def _point(point: PickupPoint) -> dict[str, Any]:
    names = (name for name in AdminPointSchema().fields if name != "opening")
    return {**{name: getattr(point, name) for name in names}, "opening": opening_out(point.opening)}


def _stored(body: dict[str, Any]) -> dict[str, Any]:
    """The body with its opening hours as they are stored."""
    return {**body, "opening": opening_in(body["opening"])} if body.get("opening") is not None else body


@endpoint(
    blp, "GET", "/admin/pickup-points", auth=staff(), login=Login.BACKOFFICE, query=PageQuery,
    response=list_schema(AdminPointSchema),
)  # fmt: skip
def list_pickup_points(call: Call) -> dict[str, Any]:
    return page_in_memory(
        [_point(point) for point in pickup_points(call.tx, all_of_them=True)],
        call.query,
        lambda point: str(point["id"]),
    )


@endpoint(
    blp, "POST", "/admin/pickup-points", auth=EDITORS, login=Login.BACKOFFICE, body=NewPointSchema,
    response=AdminPointSchema, status=201, errors=("code_taken",),
)  # fmt: skip
def post_pickup_point(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    return _point(create_pickup_point(call.tx, _stored(body), *traced(call)))


@endpoint(
    blp, "PATCH", "/admin/pickup-points/<point_id>", auth=EDITORS, login=Login.BACKOFFICE, body=PointChangeSchema,
    response=AdminPointSchema, errors=("code_taken",),
)  # fmt: skip
def patch_pickup_point(call: Call, body: dict[str, Any], point_id: str) -> dict[str, Any]:
    return _point(change_pickup_point(call.tx, checked_id(point_id), _stored(body), *traced(call)))
