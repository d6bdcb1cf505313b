"""Members as the back office sees them: read only, but for the household they are counted in.

Fulfilment sees none (design: confidential by construction).
"""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from admin.acting import acting
from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Instant, StrictSchema, Text
from mall.http.pagination import PageQuery, list_schema
from mall.http.principals import staff
from mall.identity.member_search import search_members
from mall.identity.members import get_member
from points.households.keep import household_of, set_household
from points.ledger.queries import balance

blp = api_blueprint("admin-members", __name__, description="Members, for the back office")
READERS = ("rules", "catalog", "auditor")


class MembersQuery(PageQuery):
    """``q`` finds ids, and beginnings of usernames and nicknames."""

    q = Text(1, 64)


class MemberSchema(StrictSchema):
    """A member; ``username`` is null on an unclaimed account."""

    id = fields.String(required=True)
    username = fields.String(required=True, allow_none=True)
    nickname = fields.String(required=True)
    status = fields.String(required=True)
    created_at = Instant(required=True)


class FiguresSchema(StrictSchema):
    """A member's figures, in points."""

    available = fields.Integer(required=True)
    pending = fields.Integer(required=True)
    held = fields.Integer(required=True)
    debt = fields.Integer(required=True)


class MemberDetailSchema(MemberSchema):
    """A member with figures; ``alias_of`` names the account this one was merged into."""

    claimed_at = Instant(required=True, allow_none=True)
    alias_of = fields.String(required=True, allow_none=True)
    balance = fields.Nested(FiguresSchema, required=True)
    household = fields.String(required=True, allow_none=True)


class HouseholdSchema(StrictSchema):
    """A tag by which members are counted together; null: none."""

    household = Text(1, 60, required=True, allow_none=True)


@endpoint(
    blp, "GET", "/admin/members", auth=staff(*READERS), login=Login.BACKOFFICE, query=MembersQuery,
    response=list_schema(MemberSchema),
)  # fmt: skip
def list_members(call: Call) -> dict[str, Any]:
    return search_members(call.tx, call.query.get("q"), call.query["limit"], call.query.get("cursor"))


@endpoint(
    blp, "GET", "/admin/members/<member_id>", auth=staff(*READERS), login=Login.BACKOFFICE,
    response=MemberDetailSchema,
)  # fmt: skip
def get_admin_member(call: Call, member_id: str) -> dict[str, Any]:
    member = get_member(call.tx, member_id)
    figures = balance(call.tx, member.alias_of or member.id, call.now, expiring=False)
    return {
        "id": member.id,
        "username": member.username,
        "nickname": member.nickname,
        "status": member.status,
        "created_at": member.created_at,
        "claimed_at": member.claimed_at,
        "alias_of": member.alias_of,
        "balance": figures,
        "household": household_of(call.tx, member.alias_of or member.id),
    }


@endpoint(
    blp, "PUT", "/admin/members/<member_id>/household", auth=staff("rules"), login=Login.BACKOFFICE,
    body=HouseholdSchema, response=HouseholdSchema,
)  # fmt: skip
def put_household(call: Call, body: dict[str, Any], member_id: str) -> dict[str, Any]:
    """Count a member's orders in a household from now on, those of before included."""
    return {"household": set_household(call.tx, member_id, body["household"], acting(call))}
