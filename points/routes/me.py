"""A member's own profile, balance, statement and check-in."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Instant, StrictSchema
from mall.http.pagination import PageQuery, list_schema
from mall.http.principals import MEMBER
from mall.identity.members import profile
from mall.identity.step_up import require_full
from points.badges.award import public_badges
from points.checkin.check_in import check_in
from points.ledger.queries import Balance, balance_now
from points.standing.levels import standing_of
from points.statement import Line, neutral_why, statement_page
from points.viewer import require_active

blp = api_blueprint("me", __name__, description="A member's own account")


class LevelSchema(StrictSchema):
    """A star level; points are public points, ``next_at`` null at the top."""

    number = fields.Integer(required=True)
    name = fields.String(required=True)
    points = fields.Integer(required=True)
    next_at = fields.Integer(required=True, allow_none=True)


class MeSchema(StrictSchema):
    """A member's profile."""

    id = fields.String(required=True)
    username = fields.String(required=True, allow_none=True)
    nickname = fields.String(required=True)
    avatar = fields.String(required=True)
    locale = fields.String(required=True, allow_none=True)
    status = fields.String(required=True)
    joined_at = Instant(required=True)
    level = fields.Nested(LevelSchema, required=True)
    badges = fields.List(fields.String(), required=True)


class ExpiringSchema(StrictSchema):
    """Points that expire together."""

    points = fields.Integer(required=True)
    expires_at = Instant(required=True)


class BalanceSchema(StrictSchema):
    """A member's figures, in points."""

    available = fields.Integer(required=True)
    pending = fields.Integer(required=True)
    held = fields.Integer(required=True)
    debt = fields.Integer(required=True)
    expiring = fields.List(fields.Nested(ExpiringSchema), required=True)


class StatementLineSchema(StrictSchema):
    """A posting as its owner sees it; ``points`` is the change of available less debt."""

    id = fields.String(required=True)
    kind = fields.String(required=True)
    points = fields.Integer(required=True)
    balance_after = fields.Integer(required=True)
    label = fields.String(required=True)
    posted_at = Instant(required=True)
    why = fields.String()


class CheckedInSchema(StrictSchema):
    """What a check-in paid."""

    points = fields.Integer(required=True)
    streak = fields.Integer(required=True)
    date = fields.Date(required=True)


@endpoint(blp, "GET", "/me", auth=MEMBER, login=Login.EARNING, response=MeSchema)
def get_me(call: Call) -> dict[str, Any]:
    level = standing_of(call.tx, call.member.member_id)
    return {
        **profile(call.tx, call.member.member_id),
        "level": {
            "number": level.number,
            "name": level.name,
            "points": level.public_points,
            "next_at": level.next_at,
        },
        "badges": public_badges(call.tx, call.member.member_id),
    }


@endpoint(blp, "GET", "/me/balance", auth=MEMBER, login=None, response=BalanceSchema, dump=False)
def get_balance(call: Call) -> dict[str, Any]:
    return balance_wire(balance_now(call.member.member_id, call.now))


def balance_wire(figures: Balance) -> dict[str, Any]:
    """A balance in wire form."""
    return {
        "available": figures.available,
        "pending": figures.pending,
        "held": figures.held,
        "debt": figures.debt,
        "expiring": [{"points": points, "expires_at": moment.isoformat()} for points, moment in figures.expiring],
    }


@endpoint(
    blp, "GET", "/me/statement", auth=MEMBER, login=Login.EARNING, query=PageQuery,
    response=list_schema(StatementLineSchema),
)  # fmt: skip
def get_statement(call: Call) -> dict[str, Any]:
    require_full(call.member)
    lines, next_cursor = statement_page(call.tx, call.member.member_id, call.query["limit"], call.query.get("cursor"))
    return {"items": [statement_line(line) for line in lines], "next_cursor": next_cursor}


def statement_line(line: Line) -> dict[str, Any]:
    """A line of a statement, with what may be said of its reason."""
    item = {
        "id": line.id,
        "kind": line.kind,
        "points": line.points,
        "balance_after": line.balance_after,
        "label": line.label,
        "posted_at": line.posted_at,
    }
    if line.why or line.confidential:
        item["why"] = neutral_why() if line.confidential else "; ".join(line.why)
    return item


@endpoint(
    blp, "POST", "/me/checkin", auth=MEMBER, login=Login.EARNING, response=CheckedInSchema, status=201,
    idempotency="required", errors=("already_checked_in",),
)  # fmt: skip
def post_check_in(call: Call) -> dict[str, Any]:
    require_active(call.member)
    done = check_in(call.tx, call.member.member_id, call.now)
    return {"points": done.points, "streak": done.streak, "date": done.day}
