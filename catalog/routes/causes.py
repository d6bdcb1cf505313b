"""Causes that donations go to: API and pages."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template
from marshmallow import fields

from catalog.causes.causes import causes, find_cause
from catalog.gifts.queries import gifts_of_cause
from catalog.routes.cause_wire import cause_shown, cause_wire
from catalog.routes.shown import card
from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import StrictSchema
from mall.http.ids import checked_id
from mall.http.page import page
from mall.http.pagination import PageQuery, list_schema, page_in_memory
from mall.http.principals import OPTIONAL_MEMBER, PUBLIC
from points.viewer import viewer

blp = api_blueprint("causes", __name__, description="What donated points are for")
pages = Blueprint("cause_pages", __name__)


class CauseSchema(StrictSchema):
    """A cause in the reader's language, and what was given to it so far."""

    id = fields.String(required=True)
    code = fields.String(required=True, allow_none=True)
    name = fields.String(required=True)
    description = fields.String(required=True)
    goal_points = fields.Integer(required=True, allow_none=True)
    given_points = fields.Integer(required=True)
    donations = fields.Integer(required=True)


@endpoint(
    blp, "GET", "/causes", auth=PUBLIC, login=Login.REDEMPTION, query=PageQuery, response=list_schema(CauseSchema),
)  # fmt: skip
def list_causes(call: Call) -> dict[str, Any]:
    return page_in_memory([cause_wire(one) for one in causes(call.tx)], call.query, lambda one: str(one["id"]))


@endpoint(blp, "GET", "/causes/<cause_id>", auth=PUBLIC, login=Login.REDEMPTION, response=CauseSchema)
def get_cause(call: Call, cause_id: str) -> dict[str, Any]:
    return cause_wire(find_cause(call.tx, checked_id(cause_id)))


@page(pages, "GET", "/causes/<cause_id>", auth=OPTIONAL_MEMBER, login=Login.REDEMPTION)
def cause(call: Call, cause_id: str) -> str:
    """What it is for, how far it has come, and how to give."""
    given = find_cause(call.tx, checked_id(cause_id))
    me = viewer(call.tx, call.principal, call.now)
    available = None if me is None else me.balance.available
    return render_template(
        "storefront/cause.html",
        me=me,
        cause=cause_shown(given),
        gifts=[card(one, available, call.now) for one in gifts_of_cause(call.tx, given.cause.id, call.now)],
    )
