"""The whole rule set as one file: given out, and put in as drafts."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from admin.acting import acting
from admin.routes.rule_schemas import DifferenceSchema
from admin.rule_set import SECTIONS, RuleSetSchema, in_form, told_import
from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import QueryFlag, StrictSchema
from mall.http.principals import fresh, staff
from points.earning.rule_set import export_rule_set, import_rule_set, preview_rule_set

blp = api_blueprint("admin-rule-set", __name__, description="The whole rule set as one file")
READERS = staff("rules", "auditor")
EDITORS = staff("rules")


class ImportQuery(StrictSchema):
    """With ``dry_run`` nothing changes: only the difference is told."""

    dry_run = QueryFlag(load_default=False)


class RuleSetChangeSchema(StrictSchema):
    """What the file says otherwise about one thing.

    ``action``: ``created``, ``drafted``, ``changed``, ``renamed``, ``added`` or ``set``.
    """

    section = fields.String(required=True)
    key = fields.String(required=True)
    action = fields.String(required=True)
    version = fields.Integer(required=True, allow_none=True)
    differences = fields.List(fields.Nested(DifferenceSchema), required=True)


class RuleSetKeptSchema(StrictSchema):
    """What is here and not in the file, and stays."""

    section = fields.String(required=True)
    key = fields.String(required=True)


class RuleSetImportSchema(StrictSchema):
    """The difference; ``unchanged``: how many things the file says nothing new about."""

    dry_run = fields.Boolean(required=True)
    changes = fields.List(fields.Nested(RuleSetChangeSchema), required=True)
    unchanged = fields.Integer(required=True)
    kept = fields.List(fields.Nested(RuleSetKeptSchema), required=True)


@endpoint(blp, "GET", "/admin/rule-set", auth=READERS, login=Login.EARNING, response=RuleSetSchema)
def get_rule_set(call: Call) -> dict[str, Any]:
    return export_rule_set(call.tx, SECTIONS, call.now)


@endpoint(
    blp, "POST", "/admin/rule-set", auth=fresh(EDITORS), login=Login.EARNING, query=ImportQuery, body=RuleSetSchema,
    response=RuleSetImportSchema,
)  # fmt: skip
def post_rule_set(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Rules and campaigns become drafts, never published; titles, budgets, the owner's limits, segments and
    redemption rules change at once, as they do in their own forms."""
    dry_run = call.query["dry_run"]
    work = preview_rule_set if dry_run else import_rule_set
    return told_import(work(call.tx, SECTIONS, in_form(body), acting(call)), dry_run=dry_run)
