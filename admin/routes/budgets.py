"""Budgets of points: how much a rule, or everything together, may cost."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from admin.acting import acting
from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Choice, Instant, Points, StrictSchema
from mall.http.pagination import PageQuery, list_schema, page_in_memory
from mall.http.principals import staff
from points.earning.budget_keeping import BudgetView, budget, budgets, lift_budget, set_budget
from points.earning.limits import ACTIONS, BUDGET_PERIODS

blp = api_blueprint("admin-budgets", __name__, description="How much a rule, or everything together, may cost")
READERS = staff("rules", "auditor")
EDITORS = staff("rules")
ONE = "/admin/budgets/<scope>"


class BudgetChangeSchema(StrictSchema):
    """A budget. At 100 % ``stop`` grants only what is left, ``pend`` lets awards wait for confirmation."""

    period = Choice(BUDGET_PERIODS, required=True)
    limit_points = Points(0, 10**12, required=True)
    action = Choice(ACTIONS, required=True)


class BudgetSchema(StrictSchema):
    """A budget with its figures; ``scope`` is the key of a rule, or ``programme``."""

    id = fields.String(required=True)
    scope = fields.String(required=True)
    period = fields.String(required=True)
    limit_points = fields.Integer(required=True)
    action = fields.String(required=True)
    used_points = fields.Integer(required=True)
    used_percent = fields.Integer(required=True)
    warned = fields.Boolean(required=True)
    points_a_day = fields.Integer(required=True)
    runs_out_on = fields.Date(required=True, allow_none=True)
    updated_by = fields.String(required=True)
    updated_at = Instant(required=True)


def _wire(view: BudgetView) -> dict[str, Any]:
    row = view.budget
    return {
        "id": row.scope, "scope": row.scope, "period": row.period, "limit_points": row.limit_points,
        "action": row.action, "used_points": view.used, "used_percent": view.percent, "warned": view.warned,
        "points_a_day": view.points_a_day, "runs_out_on": view.runs_out_on, "updated_by": row.updated_by,
        "updated_at": row.updated_at,
    }  # fmt: skip


@endpoint(
    blp, "GET", "/admin/budgets", auth=READERS, login=Login.EARNING, query=PageQuery,
    response=list_schema(BudgetSchema),
)  # fmt: skip
def list_budgets(call: Call) -> dict[str, Any]:
    shown = [_wire(view) for view in budgets(call.tx, call.now)]
    return page_in_memory(shown, call.query, lambda one: str(one["scope"]))


@endpoint(blp, "GET", ONE, auth=READERS, login=Login.EARNING, response=BudgetSchema)
def get_budget(call: Call, scope: str) -> dict[str, Any]:
    return _wire(budget(call.tx, scope, call.now))


@endpoint(blp, "PUT", ONE, auth=EDITORS, login=Login.EARNING, body=BudgetChangeSchema, response=BudgetSchema)
def put_budget(call: Call, body: dict[str, Any], scope: str) -> dict[str, Any]:
    return _wire(set_budget(call.tx, scope, body["period"], body["limit_points"], body["action"], acting(call)))


@endpoint(blp, "DELETE", ONE, auth=EDITORS, login=Login.EARNING, status=204)
def delete_budget(call: Call, scope: str) -> None:
    lift_budget(call.tx, scope, acting(call))
