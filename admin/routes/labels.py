"""Labels of credited points, for the back office."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from admin.acting import traced
from admin.routes.catalog_schemas import Wording
from catalog.wording import wording
from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Flag, Instant, StrictSchema, Text
from mall.http.pagination import PageQuery, list_schema, page_in_memory
from mall.http.principals import staff
from points.earning.labels import Uses, change_label, create_label, label_uses, labels
from points.earning.rule_models import CreditLabel

blp = api_blueprint("admin-labels", __name__, description="Labels that credited points may carry")
READERS = staff("rules", "auditor")
EDITORS = staff("rules")


class LabelChangeSchema(StrictSchema):
    """Changes of a label; one that is not active is refused in new credit events."""

    name = Wording(1, 40)
    active = Flag()


class NewLabelSchema(StrictSchema):
    """A new label."""

    code = Text(1, 40, required=True, pattern=r"[a-z0-9_.-]{1,40}")
    name = Wording(1, 40, required=True)


class LabelSchema(StrictSchema):
    """A label in all languages; its code is its id."""

    id = fields.String(required=True)
    code = fields.String(required=True)
    name = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    active = fields.Boolean(required=True)


class UsedLabelSchema(LabelSchema):
    """A label with how many credits of the last 90 days carry it, and when the latest came."""

    uses = fields.Integer(required=True)
    last_used_at = Instant(required=True, allow_none=True)


def _wire(label: CreditLabel) -> dict[str, Any]:
    return {"id": label.code, "code": label.code, "name": label.name, "active": label.active}


@endpoint(
    blp, "GET", "/admin/labels", auth=READERS, login=Login.EARNING, query=PageQuery,
    response=list_schema(UsedLabelSchema),
)  # fmt: skip
def list_labels(call: Call) -> dict[str, Any]:
    """All labels, and how often they are used."""
    uses = label_uses(call.tx, call.now)
    shown = []
    for label in labels(call.tx):
        used = uses.get(label.code, Uses())
        shown.append({**_wire(label), "uses": used.count, "last_used_at": used.last_at})
    return page_in_memory(shown, call.query, lambda label: str(label["code"]))


@endpoint(
    blp, "POST", "/admin/labels", auth=EDITORS, login=Login.BACKOFFICE, body=NewLabelSchema, response=LabelSchema,
    status=201, errors=("label_exists",),
)  # fmt: skip
def post_label(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    name = wording(body["name"])
    return _wire(create_label(call.tx, body["code"], name, *traced(call)))


@endpoint(
    blp, "PATCH", "/admin/labels/<code>", auth=EDITORS, login=Login.BACKOFFICE, body=LabelChangeSchema,
    response=LabelSchema,
)  # fmt: skip
def patch_label(call: Call, body: dict[str, Any], code: str) -> dict[str, Any]:
    changes = {**body, "name": wording(body["name"])} if "name" in body else body
    return _wire(change_label(call.tx, code, changes, *traced(call)))
