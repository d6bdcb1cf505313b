"""What staff do for and about a member: notes, and freezing. Fulfilment and the catalog's people see neither."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from admin.acting import traced
from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Instant, StrictSchema, Text
from mall.http.pagination import PageQuery, list_schema
from mall.http.principals import staff
from mall.identity.care_models import MemberFreeze
from mall.identity.freezing import freeze, freeze_of, unfreeze
from mall.identity.member_notes import add_note, notes_page
from mall.identity.members import get_member

blp = api_blueprint("admin-member-care", __name__, description="Notes about members, and freezing them")
READERS = staff("rules", "auditor")
EDITORS = staff("rules")
ONE = "/admin/members/<member_id>"


class NoteInSchema(StrictSchema):
    """A note, as it stays."""

    text = Text(1, 2000, required=True, lines=True)


class NoteSchema(StrictSchema):
    """A note. ``member``: whom it was written about, which may be an account that was merged into this one."""

    id = fields.String(required=True)
    member = fields.String(required=True, attribute="member_id")
    text = fields.String(required=True, attribute="words")
    author = fields.String(required=True)
    at = Instant(required=True)


class FreezeInSchema(StrictSchema):
    """Why, and until when; without ``until`` it holds until somebody lifts it."""

    reason = Text(1, 500, required=True, lines=True)
    until = Instant(allow_none=True)


class UnfreezeInSchema(StrictSchema):
    """Why a freeze ends."""

    reason = Text(1, 500, required=True, lines=True)


class FreezeSchema(StrictSchema):
    """A member's state; what froze it is null on an account that is not frozen."""

    status = fields.String(required=True)
    reason = fields.String(required=True, allow_none=True)
    until = Instant(required=True, allow_none=True)
    frozen_by = fields.String(required=True, allow_none=True)
    frozen_at = Instant(required=True, allow_none=True)


@endpoint(
    blp, "GET", f"{ONE}/notes", auth=READERS, login=Login.BACKOFFICE, query=PageQuery,
    response=list_schema(NoteSchema),
)  # fmt: skip
def list_member_notes(call: Call, member_id: str) -> dict[str, Any]:
    """Notes about a member, the newest first; the member never sees them."""
    return notes_page(call.tx, get_member(call.tx, member_id).id, call.query["limit"], call.query.get("cursor"))


@endpoint(
    blp, "POST", f"{ONE}/notes", auth=EDITORS, login=Login.BACKOFFICE, body=NoteInSchema, response=NoteSchema,
    status=201,
)  # fmt: skip
def post_member_note(call: Call, body: dict[str, Any], member_id: str) -> Any:
    """Write a note down; it cannot be changed."""
    return add_note(call.tx, member_id, body["text"], *traced(call))


@endpoint(blp, "GET", f"{ONE}/freeze", auth=READERS, login=Login.BACKOFFICE, response=FreezeSchema)
def get_member_freeze(call: Call, member_id: str) -> dict[str, Any]:
    """Whether a member is frozen, why and until when."""
    return _view(get_member(call.tx, member_id).status, freeze_of(call.tx, member_id))


@endpoint(
    blp, "POST", f"{ONE}/freeze", auth=EDITORS, login=Login.BACKOFFICE, body=FreezeInSchema, response=FreezeSchema,
    errors=("already_frozen", "account_not_active"),
)  # fmt: skip
def post_member_freeze(call: Call, body: dict[str, Any], member_id: str) -> dict[str, Any]:
    """Let a member look at everything and do nothing, at once in every open session."""
    row = freeze(call.tx, member_id, body["reason"], body.get("until"), *traced(call))
    return _view("suspended", row)


@endpoint(
    blp, "POST", f"{ONE}/unfreeze", auth=EDITORS, login=Login.BACKOFFICE, body=UnfreezeInSchema,
    response=FreezeSchema, errors=("not_frozen",),
)  # fmt: skip
def post_member_unfreeze(call: Call, body: dict[str, Any], member_id: str) -> dict[str, Any]:
    """Let a frozen member act again."""
    unfreeze(call.tx, member_id, body["reason"], *traced(call))
    return _view("active", None)


def _view(status: str, row: MemberFreeze | None) -> dict[str, Any]:
    return {
        "status": status, "reason": row.reason if row else None, "until": row.ends_at if row else None,
        "frozen_by": row.frozen_by if row else None, "frozen_at": row.frozen_at if row else None,
    }  # fmt: skip
