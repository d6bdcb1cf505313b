"""Appeals: announced debits and what members answered, decided by staff."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from admin.acting import acting
from admin.routes.awards import ReasonSchema
from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Choice, Instant, StrictSchema
from mall.http.pagination import PageQuery, list_schema
from mall.http.principals import staff
from points.earning.appeals import answer_of, appeal_page, uphold, waive
from points.earning.source_models import AnnouncedDebit

blp = api_blueprint("admin-appeals", __name__, description="Debits that members may answer, decided by staff")
READERS = staff("rules", "auditor")
EDITORS = staff("rules")
ONE = "/admin/appeals/<debit_id>"


class AppealQuery(PageQuery):
    """Debits in one state; those that are open without it."""

    state = Choice(("open", "taken", "waived", "lapsed"))


class AppealSchema(StrictSchema):
    """An announced debit. Who it is about stays between the member and the mall."""

    id = fields.String(required=True)
    rule = fields.String(required=True)
    points = fields.Integer(required=True)
    state = fields.String(required=True)
    answer = fields.String(required=True, allow_none=True)
    announced_at = Instant(required=True)
    bites_at = Instant(required=True)
    answered_at = Instant(required=True, allow_none=True)
    decided_by = fields.String(required=True, allow_none=True)
    decided_at = Instant(required=True, allow_none=True)


def _wire(debit: AnnouncedDebit) -> dict[str, Any]:
    return {
        "id": debit.id, "rule": debit.rule_key, "points": debit.points, "state": debit.state,
        "answer": answer_of(debit), "announced_at": debit.announced_at, "bites_at": debit.bites_at,
        "answered_at": debit.answered_at, "decided_by": debit.decided_by, "decided_at": debit.decided_at,
    }  # fmt: skip


@endpoint(
    blp, "GET", "/admin/appeals", auth=READERS, login=Login.EARNING, query=AppealQuery,
    response=list_schema(AppealSchema),
)  # fmt: skip
def list_appeals(call: Call) -> dict[str, Any]:
    page = appeal_page(call.tx, call.query.get("state") or "open", call.query["limit"], call.query.get("cursor"))
    return {**page, "items": [_wire(debit) for debit in page["items"]]}


@endpoint(
    blp, "POST", f"{ONE}/uphold", auth=EDITORS, login=Login.EARNING, body=ReasonSchema, response=AppealSchema,
    errors=("already_decided",),
)  # fmt: skip
def uphold_debit(call: Call, body: dict[str, Any], debit_id: str) -> dict[str, Any]:
    """The points are taken now."""
    return _wire(uphold(call.tx, debit_id, body["reason"], acting(call)))


@endpoint(
    blp, "POST", f"{ONE}/waive", auth=EDITORS, login=Login.EARNING, body=ReasonSchema, response=AppealSchema,
    errors=("already_decided",),
)  # fmt: skip
def waive_debit(call: Call, body: dict[str, Any], debit_id: str) -> dict[str, Any]:
    """The points stay with the member."""
    return _wire(waive(call.tx, debit_id, body["reason"], acting(call)))
