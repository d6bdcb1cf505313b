"""Commending members, for the back office."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from admin.acting import acting
from admin.routes.catalog_schemas import Wording
from catalog.wording import wording
from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Instant, StrictSchema, Text
from mall.http.pagination import PageQuery, list_schema
from mall.http.principals import staff
from points.honours.commend import commend, commendations_page, retract

blp = api_blueprint("admin-honours", __name__, description="Commending members; each decides whether it is shown")
READERS, EDITORS = staff("rules", "auditor"), staff("rules")
MOST_TEXT = 500


class NewCommendationSchema(StrictSchema):
    """Whom, and the words. Never of tips: what is shown must not tell who gives them."""

    member = Text(1, 64, required=True)
    text = Wording(1, MOST_TEXT, lines=True, required=True)


class CommendationSchema(StrictSchema):
    """A commendation: offered, public, declined, withdrawn or retracted."""

    id = fields.String(required=True)
    member = fields.String(required=True, attribute="member_id")
    text = fields.Dict(keys=fields.String(), values=fields.String(), required=True, attribute="words")
    state = fields.String(required=True)
    created_by = fields.String(required=True)
    created_at = Instant(required=True)
    answered_at = Instant(required=True, allow_none=True)


@endpoint(
    blp, "GET", "/admin/honours", auth=READERS, login=Login.BACKOFFICE, query=PageQuery,
    response=list_schema(CommendationSchema),
)  # fmt: skip
def list_commendations(call: Call) -> dict[str, Any]:
    return commendations_page(call.tx, call.query["limit"], call.query.get("cursor"))


@endpoint(
    blp, "POST", "/admin/honours", auth=EDITORS, login=Login.BACKOFFICE, body=NewCommendationSchema,
    response=CommendationSchema, status=201, errors=("member_not_active",),
)  # fmt: skip
def post_commendation(call: Call, body: dict[str, Any]) -> Any:
    return commend(call.tx, body["member"], wording(body["text"]), acting(call))


@endpoint(blp, "DELETE", "/admin/honours/<commendation_id>", auth=EDITORS, login=Login.BACKOFFICE, status=204)
def delete_commendation(call: Call, commendation_id: str) -> None:
    retract(call.tx, commendation_id, acting(call))
