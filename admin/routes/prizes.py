"""Prizes of the month, as staff set them."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from marshmallow import fields
from marshmallow.validate import Length

from admin.acting import acting
from mall.db import Login
from mall.errors import NotFound
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Instant, Points, StrictSchema, Whole
from mall.http.pagination import PageQuery, list_schema, page_in_memory
from mall.http.principals import staff
from points.prizes.models import PrizeMonth
from points.prizes.months import MOST_GRACE_DAYS, MOST_PLACES, Offer, prize_month, prize_months, set_prizes
from points.prizes.shares import closes_on

blp = api_blueprint("admin-prizes", __name__, description="Prizes for the first places of a month")
READERS, EDITORS = staff("rules", "auditor"), staff("rules")
MOST_PRIZE = 1_000_000
_MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")


class PrizesChangeSchema(StrictSchema):
    """Points for place 1, 2, …, no more together than the budget, and the ``version`` looked at (0: none yet)."""

    version = Whole(0, 2**31 - 2, required=True)
    prizes = fields.List(Points(1, MOST_PRIZE), required=True, validate=Length(max=MOST_PLACES))
    budget_points = Points(0, MOST_PLACES * MOST_PRIZE, required=True)
    grace_days = Whole(0, MOST_GRACE_DAYS, required=True)


class PrizeMonthSchema(StrictSchema):
    """A month's prizes. ``closes_on``: when they are paid; ``paid_points`` once they were."""

    month = fields.String(required=True)
    version = fields.Integer(required=True)
    prizes = fields.List(fields.Integer(), required=True)
    budget_points = fields.Integer(required=True)
    grace_days = fields.Integer(required=True)
    closes_on = fields.Date(required=True)
    closed_at = Instant(required=True, allow_none=True)
    paid_points = fields.Integer(required=True, allow_none=True)
    updated_by = fields.String(required=True)
    updated_at = Instant(required=True)


@endpoint(
    blp, "GET", "/admin/prizes", auth=READERS, login=Login.BACKOFFICE, query=PageQuery,
    response=list_schema(PrizeMonthSchema),
)  # fmt: skip
def list_prize_months(call: Call) -> dict[str, Any]:
    return page_in_memory([_wire(row) for row in prize_months(call.tx)], call.query, lambda one: str(one["month"]))


@endpoint(blp, "GET", "/admin/prizes/<month>", auth=READERS, login=Login.BACKOFFICE, response=PrizeMonthSchema)
def get_prize_month(call: Call, month: str) -> dict[str, Any]:
    return _wire(prize_month(call.tx, month_of(month)))


@endpoint(
    blp, "PUT", "/admin/prizes/<month>", auth=EDITORS, login=Login.BACKOFFICE, body=PrizesChangeSchema,
    response=PrizeMonthSchema, errors=("month_closed", "prizes_changed"),
)  # fmt: skip
def put_prize_month(call: Call, body: dict[str, Any], month: str) -> dict[str, Any]:
    return _wire(set_prizes(call.tx, month_of(month), Offer(**body), acting(call)))


def month_of(text: str) -> date:
    """The first day of a month ``YYYY-MM``. Raises NotFound for anything else."""
    if not _MONTH.fullmatch(text):
        raise NotFound()
    return date(int(text[:4]), int(text[5:]), 1)


def _wire(row: PrizeMonth) -> dict[str, Any]:
    return {
        "month": f"{row.month:%Y-%m}", "version": row.version, "prizes": row.prizes,
        "budget_points": row.budget_points, "grace_days": row.grace_days,
        "closes_on": closes_on(row.month, row.grace_days), "closed_at": row.closed_at,
        "paid_points": row.paid_points, "updated_by": row.updated_by, "updated_at": row.updated_at,
    }  # fmt: skip
