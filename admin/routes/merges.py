"""Duplicates: two accounts of one person made one, by two persons of the staff."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from admin.acting import acting
from catalog.merging.models import MemberMerge
from catalog.merging.outlook import Outlook, Side, outlook
from catalog.merging.requests import approve, merge_page, merge_request, propose, reject
from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Choice, Instant, StrictSchema, Text
from mall.http.pagination import PageQuery, list_schema
from mall.http.principals import fresh, staff
from mall.two_persons import STATES

blp = api_blueprint("admin-merges", __name__, description="Two accounts of one person made one")
READERS = staff("rules", "auditor")
EDITORS = staff("rules")
ONE = "/admin/member-merges/<merge_id>"
REFUSALS = ("same_account", "merged_already", "member_not_active", "merge_other_way", "own_account", "own_team")


class NewMergeSchema(StrictSchema):
    """``member`` goes, ``into`` stays; both by id."""

    member = Text(1, 60, required=True)
    into = Text(1, 60, required=True)
    reason = Text(1, 500, required=True, lines=True)


class MergeRefusalSchema(StrictSchema):
    """Why a merge is refused."""

    reason = Text(1, 500, required=True, lines=True)


class MergeQuery(PageQuery):
    """Merges in one state."""

    state = Choice(STATES)


class MergeBookSchema(StrictSchema):
    """A book, in points."""

    available = fields.Integer(required=True)
    pending = fields.Integer(required=True)
    held = fields.Integer(required=True)
    debt = fields.Integer(required=True)


class MergeSideSchema(StrictSchema):
    """An account as it is: ``lots`` with points left, ``orders`` of which some are not over, live ``sessions``."""

    member = fields.String(required=True)
    nickname = fields.String(required=True)
    username = fields.String(required=True, allow_none=True)
    level = fields.Integer(required=True)
    balance = fields.Nested(MergeBookSchema, required=True)
    lots = fields.Integer(required=True)
    orders = fields.Integer(required=True)
    open_orders = fields.Integer(required=True)
    sessions = fields.Integer(required=True)
    household = fields.String(required=True, allow_none=True)


class MergeOutlookSchema(StrictSchema):
    """What would happen now; ``refusal`` is the code of what stands in the way."""

    member = fields.Nested(MergeSideSchema, required=True)
    into = fields.Nested(MergeSideSchema, required=True)
    after = fields.Nested(MergeBookSchema, required=True)
    household = fields.String(required=True, allow_none=True)
    refusal = fields.String(required=True, allow_none=True)


class MergeOutcomeSchema(StrictSchema):
    """What was moved: ``points``, ``debt`` in points, ``orders``; ``sessions`` that ended."""

    points = fields.Integer(required=True)
    debt = fields.Integer(required=True)
    orders = fields.Integer(required=True)
    sessions = fields.Integer(required=True)
    household = fields.Boolean(required=True)


class MergeSchema(StrictSchema):
    """A merge and what became of it."""

    id = fields.String(required=True)
    member = fields.String(required=True, attribute="source_id")
    into = fields.String(required=True, attribute="target_id")
    reason = fields.String(required=True)
    state = fields.String(required=True)
    requested_by = fields.String(required=True)
    requested_at = Instant(required=True)
    decided_by = fields.String(required=True, allow_none=True)
    decided_at = Instant(required=True, allow_none=True)
    decision_note = fields.String(required=True, allow_none=True)
    outcome = fields.Nested(MergeOutcomeSchema, required=True, allow_none=True)


class MergeDetailSchema(MergeSchema):
    """A merge with what it would do now; null once it is decided."""

    outlook = fields.Nested(MergeOutlookSchema, required=True, allow_none=True)


@endpoint(
    blp, "GET", "/admin/member-merges", auth=READERS, login=Login.BACKOFFICE, query=MergeQuery,
    response=list_schema(MergeSchema),
)  # fmt: skip
def list_merges(call: Call) -> Any:
    return merge_page(call.tx, call.query.get("state"), call.query["limit"], call.query.get("cursor"))


@endpoint(blp, "GET", ONE, auth=READERS, login=Login.BACKOFFICE, response=MergeDetailSchema)
def get_merge(call: Call, merge_id: str) -> Any:
    return _detail(call, merge_request(call.tx, merge_id))


@endpoint(
    blp, "POST", "/admin/member-merges", auth=EDITORS, login=Login.BACKOFFICE, body=NewMergeSchema,
    response=MergeDetailSchema, status=201, errors=("merge_asked", *REFUSALS),
)  # fmt: skip
def post_merge(call: Call, body: dict[str, Any]) -> Any:
    """Ask for a merge; the answer says what it will do."""
    return _detail(call, propose(call.tx, body["member"], body["into"], body["reason"], acting(call)))


@endpoint(
    blp, "POST", f"{ONE}/approve", auth=fresh(EDITORS), login=Login.BACKOFFICE, response=MergeSchema,
    idempotency="required", errors=("already_decided", "own_request", *REFUSALS),
)  # fmt: skip
def approve_merge(call: Call, merge_id: str) -> Any:
    """Do what somebody else has asked for. It cannot be undone."""
    return approve(call.tx, merge_id, acting(call))


@endpoint(
    blp, "POST", f"{ONE}/reject", auth=EDITORS, login=Login.BACKOFFICE, body=MergeRefusalSchema,
    response=MergeSchema, errors=("already_decided", "own_request"),
)  # fmt: skip
def reject_merge(call: Call, body: dict[str, Any], merge_id: str) -> Any:
    return reject(call.tx, merge_id, body["reason"], acting(call))


def _detail(call: Call, row: MemberMerge) -> dict[str, Any]:
    found = outlook(call.tx, row.source_id, row.target_id, call.now) if row.state == "requested" else None
    names = ("id", "source_id", "target_id", "reason", "state", "requested_by", "requested_at", "decided_by",
             "decided_at", "decision_note", "outcome")  # fmt: skip
    return {**{name: getattr(row, name) for name in names}, "outlook": _outlook(found) if found else None}


def _outlook(found: Outlook) -> dict[str, Any]:
    return {
        "member": _side(found.source), "into": _side(found.target), "after": found.after,
        "household": found.household, "refusal": found.refusal,
    }  # fmt: skip


def _side(side: Side) -> dict[str, Any]:
    return {
        "member": side.member.id, "nickname": side.member.nickname, "username": side.member.username,
        "level": side.level, "balance": side.figures, "lots": side.lots, "orders": side.orders,
        "open_orders": side.open_orders, "sessions": side.sessions, "household": side.household,
    }  # fmt: skip
