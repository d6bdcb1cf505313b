"""Redemption rules: who may redeem what, how much of it, and when."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields

from admin.acting import acting
from admin.routes.catalog_schemas import Wording
from admin.routes.drops import Day
from catalog.routes.schemas import ID_MOST
from catalog.rules.judge import HOUSEHOLD, KINDS
from catalog.rules.keep import change_rule, create_rule, delete_rule, redemption_rule, redemption_rules, rule_fields
from catalog.rules.models import RedemptionRule
from catalog.rules.windows import PERIODS
from catalog.wording import wording
from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Choice, Flag, Instant, Points, StrictSchema, Text, Whole
from mall.http.ids import checked_id
from mall.http.pagination import PageQuery, list_schema, page_in_memory
from mall.http.principals import staff

blp = api_blueprint("admin-redemption-rules", __name__, description="Who may redeem what, how much of it, and when")
READERS = staff("rules", "auditor")
EDITORS = staff("rules")
ONE = "/admin/redemption-rules/<rule_id>"
MOST_VERSION = 2**31 - 2


class RuleFieldsSchema(StrictSchema):
    """What a rule says; null for what its kind does not ask. ``gift`` or ``category``, neither: everything.

    ``above_points``: only pieces that cost more. ``hours``: spans in the mall's time, from the first hour up to the
    second; days both included; weekdays with Monday as 1.
    """

    gift = Text(1, ID_MOST, allow_none=True)
    category = Text(1, ID_MOST, allow_none=True)
    above_points = Points(allow_none=True)
    active = Flag()
    per = Choice(("member", HOUSEHOLD), allow_none=True)
    unit = Choice(("quantity", "points"), allow_none=True)
    period = Choice(PERIODS, allow_none=True)
    amount = Points(allow_none=True)
    min_level = Whole(2, 5, allow_none=True)
    min_days = Whole(1, 3650, allow_none=True)
    min_percent = Whole(1, 100, allow_none=True)
    segment = Text(1, ID_MOST, allow_none=True)
    members = Choice(("only", "except"), allow_none=True)
    first_day = Day(allow_none=True)
    last_day = Day(allow_none=True)
    weekdays = fields.List(Whole(1, 7), validate=ma.validate.Length(max=7), allow_none=True)
    hours = fields.List(
        fields.List(Whole(0, 24), validate=ma.validate.Length(equal=2)), validate=ma.validate.Length(max=12),
        allow_none=True,
    )  # fmt: skip


class NewRedemptionRuleSchema(RuleFieldsSchema):
    """A new rule; it is in force at once unless ``active`` is false."""

    name = Wording(1, 60, required=True)
    kind = Choice(KINDS, required=True)


class RedemptionRuleChangeSchema(RuleFieldsSchema):
    """Changes of a rule; its kind stays. ``version``: of the rule that was looked at."""

    version = Whole(1, MOST_VERSION, required=True)
    name = Wording(1, 60)


class RedemptionRuleSchema(StrictSchema):
    """A rule; dates are text here."""

    id = fields.String(required=True)
    name = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    kind = fields.String(required=True)
    gift = fields.String(required=True, allow_none=True)
    category = fields.String(required=True, allow_none=True)
    above_points = fields.Integer(required=True, allow_none=True)
    active = fields.Boolean(required=True)
    per = fields.String(required=True, allow_none=True)
    unit = fields.String(required=True, allow_none=True)
    period = fields.String(required=True, allow_none=True)
    amount = fields.Integer(required=True, allow_none=True)
    min_level = fields.Integer(required=True, allow_none=True)
    min_days = fields.Integer(required=True, allow_none=True)
    min_percent = fields.Integer(required=True, allow_none=True)
    segment = fields.String(required=True, allow_none=True)
    members = fields.String(required=True, allow_none=True)
    first_day = fields.String(required=True, allow_none=True)
    last_day = fields.String(required=True, allow_none=True)
    weekdays = fields.List(fields.Integer(), required=True, allow_none=True)
    hours = fields.List(fields.List(fields.Integer()), required=True, allow_none=True)
    version = fields.Integer(required=True)
    created_by = fields.String(required=True)
    created_at = Instant(required=True)
    updated_at = Instant(required=True)


def rule_body(body: dict[str, Any]) -> dict[str, Any]:
    """Fields of a body as the mall keeps them."""
    return {**body, "name": wording(body["name"])} if "name" in body else body


def _wire(found: RedemptionRule) -> dict[str, Any]:
    return {
        "id": found.id, **rule_fields(found), "version": found.version, "created_by": found.created_by,
        "created_at": found.created_at, "updated_at": found.updated_at,
    }  # fmt: skip


@endpoint(
    blp, "GET", "/admin/redemption-rules", auth=READERS, login=Login.BACKOFFICE, query=PageQuery,
    response=list_schema(RedemptionRuleSchema),
)  # fmt: skip
def list_redemption_rules(call: Call) -> dict[str, Any]:
    return page_in_memory([_wire(one) for one in redemption_rules(call.tx)], call.query, lambda one: str(one["id"]))


@endpoint(
    blp, "POST", "/admin/redemption-rules", auth=EDITORS, login=Login.BACKOFFICE, body=NewRedemptionRuleSchema,
    response=RedemptionRuleSchema, status=201, idempotency="accepted",
)  # fmt: skip
def post_redemption_rule(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    return _wire(create_rule(call.tx, rule_body(body), acting(call)))


@endpoint(blp, "GET", ONE, auth=READERS, login=Login.BACKOFFICE, response=RedemptionRuleSchema)
def get_redemption_rule(call: Call, rule_id: str) -> dict[str, Any]:
    return _wire(redemption_rule(call.tx, checked_id(rule_id)))


@endpoint(
    blp, "PATCH", ONE, auth=EDITORS, login=Login.BACKOFFICE, body=RedemptionRuleChangeSchema,
    response=RedemptionRuleSchema, errors=("changed_meanwhile",),
)  # fmt: skip
def patch_redemption_rule(call: Call, body: dict[str, Any], rule_id: str) -> dict[str, Any]:
    changes = rule_body(body)
    return _wire(change_rule(call.tx, checked_id(rule_id), changes.pop("version"), changes, acting(call)))


@endpoint(blp, "DELETE", ONE, auth=EDITORS, login=Login.BACKOFFICE, status=204)
def delete_redemption_rule(call: Call, rule_id: str) -> None:
    delete_rule(call.tx, checked_id(rule_id), acting(call))
