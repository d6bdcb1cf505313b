"""Causes, for the back office."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from admin.acting import traced
from admin.routes.catalog_schemas import CODE_PATTERN, Wording
from catalog.causes.causes import Given, causes, change_cause, create_cause
from catalog.routes.schemas import ID_MOST
from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Flag, Points, StrictSchema, Text, Whole
from mall.http.ids import checked_id
from mall.http.pagination import PageQuery, list_schema, page_in_memory
from mall.http.principals import staff

blp = api_blueprint("admin-causes", __name__, description="Causes of donations, for the back office")
EDITORS = staff("catalog")
MOST_GOAL = 10**12


class CauseChangeSchema(StrictSchema):
    """Changes of a cause; without a goal only the total is shown."""

    name = Wording(1, 80)
    description = Wording(0, 2000, lines=True)
    goal_points = Points(1, MOST_GOAL, allow_none=True)
    code = Text(1, ID_MOST, pattern=CODE_PATTERN, allow_none=True)
    position = Whole(1, 10_000)
    active = Flag()


class NewCauseSchema(CauseChangeSchema):
    """A new cause."""

    name = Wording(1, 80, required=True)


class AdminCauseSchema(StrictSchema):
    """A cause in all languages, with what was given."""

    id = fields.String(required=True)
    code = fields.String(required=True, allow_none=True)
    name = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    description = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    goal_points = fields.Integer(required=True, allow_none=True)
    active = fields.Boolean(required=True)
    position = fields.Integer(required=True)
    given_points = fields.Integer(required=True)
    donations = fields.Integer(required=True)


def _wire(given: Given) -> dict[str, Any]:
    names = ("id", "code", "name", "description", "goal_points", "active", "position")
    kept = {name: getattr(given.cause, name) for name in names}
    return {**kept, "given_points": given.points, "donations": given.donations}


@endpoint(
    blp, "GET", "/admin/causes", auth=staff("catalog", "auditor"), login=Login.BACKOFFICE, query=PageQuery,
    response=list_schema(AdminCauseSchema),
)  # fmt: skip
def list_admin_causes(call: Call) -> dict[str, Any]:
    shown = [_wire(one) for one in causes(call.tx, all_of_them=True)]
    return page_in_memory(shown, call.query, lambda one: str(one["id"]))


@endpoint(
    blp, "POST", "/admin/causes", auth=EDITORS, login=Login.BACKOFFICE, body=NewCauseSchema,
    response=AdminCauseSchema, status=201, errors=("code_taken",),
)  # fmt: skip
def post_cause(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    return _wire(create_cause(call.tx, body, *traced(call)))


@endpoint(
    blp, "PATCH", "/admin/causes/<cause_id>", auth=EDITORS, login=Login.BACKOFFICE, body=CauseChangeSchema,
    response=AdminCauseSchema, errors=("code_taken",),
)  # fmt: skip
def patch_cause(call: Call, body: dict[str, Any], cause_id: str) -> dict[str, Any]:
    return _wire(change_cause(call.tx, checked_id(cause_id), body, *traced(call)))
