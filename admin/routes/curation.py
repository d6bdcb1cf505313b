"""Curating gifts: one change to many at once, a copy, and their places in the mall's own order."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from marshmallow import fields, validate

from admin.acting import traced
from admin.routes.catalog_schemas import AdminGiftSchema
from admin.routes.gifts import EDITORS, gift_wire
from catalog.gifts.curate import (
    LEAST_PERCENT,
    MOST_AT_ONCE,
    MOST_PERCENT,
    Change,
    change_many,
    duplicate_gift,
    move_gift,
    repriced,
    set_fields,
    with_tag,
    without_tag,
)
from catalog.gifts.windows import GiftStatus
from mall.db import Login
from mall.errors import Invalid
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Choice, StrictSchema, Text, Whole
from mall.http.ids import checked_id
from mall.http.problems import sentence_of

blp = api_blueprint("admin-curation", __name__, description="Many gifts at once, copies, and the mall's own order")
ID_MOST = 40


class GiftsBulkSchema(StrictSchema):
    """Up to 200 gifts and one change: of ``status``, of ``category`` (null: none), ``tag`` or ``untag`` (a tag's id),
    or the price by ``percent``, which reaches variants with a price of their own too."""

    gifts = fields.List(Text(1, ID_MOST, required=True), required=True, validate=validate.Length(1, MOST_AT_ONCE))
    status = Choice([one.value for one in GiftStatus])
    category = Text(1, ID_MOST, allow_none=True)
    tag = Text(1, ID_MOST)
    untag = Text(1, ID_MOST)
    percent = Whole(LEAST_PERCENT, MOST_PERCENT)


class GiftOutcomeSchema(StrictSchema):
    """What became of one gift; ``code`` and ``detail`` of a refusal."""

    gift = fields.String(required=True)
    result = fields.String(required=True, metadata={"enum": ["changed", "refused"]})
    code = fields.String()
    detail = fields.String()


class GiftsBulkAnswerSchema(StrictSchema):
    """One item for each gift, by id."""

    items = fields.List(fields.Nested(GiftOutcomeSchema), required=True)


class MoveSchema(StrictSchema):
    """One place up or down."""

    way = Choice(("up", "down"), required=True)


class MovedSchema(StrictSchema):
    """Whether there was another gift on offer to change places with."""

    moved = fields.Boolean(required=True)


def _change(body: dict[str, Any]) -> Change:
    acts = [name for name in body if name != "gifts"]
    if len(acts) != 1:
        raise Invalid({"body": [_("Name exactly one change.")]})
    name, value = acts[0], body[acts[0]]
    if name == "status":
        return set_fields(status=value)
    if name == "category":
        return set_fields(category_id=None if value is None else checked_id(value))
    if name == "percent":
        return repriced(value)
    return (with_tag if name == "tag" else without_tag)(checked_id(value))


@endpoint(
    blp, "POST", "/admin/gifts/bulk", auth=EDITORS, login=Login.BACKOFFICE, body=GiftsBulkSchema,
    response=GiftsBulkAnswerSchema,
)  # fmt: skip
def post_gifts_bulk(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Each gift by itself: what one is refused for does not stop the others."""
    outcomes = change_many(call.tx, [checked_id(one) for one in body["gifts"]], _change(body), *traced(call))
    return {
        "items": [
            {"gift": one.gift_id, "result": "changed"}
            if one.error is None
            else {"gift": one.gift_id, "result": "refused", "code": one.error.code, "detail": sentence_of(one.error)}
            for one in outcomes
        ]
    }


@endpoint(
    blp, "POST", "/admin/gifts/<gift_id>/duplicate", auth=EDITORS, login=Login.BACKOFFICE, response=AdminGiftSchema,
    status=201,
)  # fmt: skip
def post_gift_copy(call: Call, gift_id: str) -> dict[str, Any]:
    """A draft like it, without stock."""
    return gift_wire(call, duplicate_gift(call.tx, checked_id(gift_id), *traced(call)))


@endpoint(
    blp, "POST", "/admin/gifts/<gift_id>/move", auth=EDITORS, login=Login.BACKOFFICE, body=MoveSchema,
    response=MovedSchema,
)  # fmt: skip
def post_gift_move(call: Call, body: dict[str, Any], gift_id: str) -> dict[str, bool]:
    """In the mall's own order, among the gifts on offer."""
    actor, now, request_id = traced(call)
    up = body["way"] == "up"
    return {"moved": move_gift(call.tx, checked_id(gift_id), up=up, actor=actor, now=now, request_id=request_id)}
