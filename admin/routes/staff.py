"""Colleagues, for owners: who may work here and as what; inviting, closing, resetting."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, request
from marshmallow import fields
from sqlalchemy.orm import Session

from admin.routes.guard import add_guard
from mall.db import Login, run_tx
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Choice, Flag, Instant, StrictSchema, Text
from mall.http.ids import checked_id
from mall.http.pagination import PageQuery, list_schema, page_in_memory
from mall.http.principals import OWNER_ROLE, fresh, staff
from mall.identity.remembered import remembered
from mall.identity.roles import ROLES
from mall.identity.routes.staff_account import SignInSeenSchema
from mall.identity.staff_care import (
    Colleague,
    change_role,
    colleague,
    colleagues,
    invite_staff,
    invited_staff,
    last_sign_ins,
    no_password,
    reset_authenticator,
    reset_password,
    switch_staff,
)

blp = api_blueprint("admin-staff", __name__, description="Staff and what they may do, for owners")
add_guard(blp)
OWNER = staff(OWNER_ROLE)
MANAGER = fresh(OWNER)
ONE = "/admin/staff/<staff_id>"
NAME_TYPED = 64


class ColleagueSchema(StrictSchema):
    """Somebody who works here. ``invited``: a link is open with which they choose a password."""

    id = fields.String(required=True)
    username = fields.String(required=True)
    role = fields.String(required=True)
    created_at = Instant(required=True)
    disabled = fields.Boolean(required=True)
    totp_enrolled_at = Instant(required=True, allow_none=True)
    invited = fields.Boolean(required=True)
    last_sign_in_at = Instant(required=True, allow_none=True)


class ColleagueWithSignInsSchema(ColleagueSchema):
    """With the last ten sign-ins."""

    sign_ins = fields.List(fields.Nested(SignInSeenSchema), required=True)


class InvitationSchema(StrictSchema):
    """Whom to invite, and as what."""

    username = Text(1, NAME_TYPED, required=True)
    role = Choice(ROLES, required=True)


class StaffLinkSchema(StrictSchema):
    """A link by which a password is chosen, good once within 72 hours; shown once, null when the answer is a repeat."""

    id = fields.String(required=True)
    link = fields.String(required=True, allow_none=True)
    secret_shown_once = fields.Boolean()


class StaffChangeSchema(StrictSchema):
    """Another role, or closed or opened again."""

    role = Choice(ROLES)
    disabled = Flag()


def staff_link(token: str) -> str:
    """The address at which whoever has ``token`` chooses a password."""
    base = current_app.extensions["settings"].public_url or request.url_root.rstrip("/")
    return f"{base}/admin/welcome/{token}"


def _wire(found: Colleague) -> dict[str, Any]:
    names = ("id", "username", "role", "created_at", "totp_enrolled_at", "invited", "last_sign_in_at")
    return {**{name: getattr(found, name) for name in names}, "disabled": found.disabled_at is not None}


@endpoint(
    blp, "GET", "/admin/staff", auth=OWNER, login=Login.BACKOFFICE, query=PageQuery,
    response=list_schema(ColleagueSchema),
)  # fmt: skip
def list_staff_accounts(call: Call) -> dict[str, Any]:
    return page_in_memory([_wire(one) for one in colleagues(call.tx, call.now)], call.query, lambda one: one["id"])


@endpoint(blp, "GET", ONE, auth=OWNER, login=Login.BACKOFFICE, response=ColleagueWithSignInsSchema)
def get_staff_account(call: Call, staff_id: str) -> dict[str, Any]:
    found = colleague(call.tx, checked_id(staff_id), call.now)
    return {**_wire(found), "sign_ins": last_sign_ins(call.tx, found.id)}


@endpoint(
    blp, "POST", "/admin/staff", auth=MANAGER, login=None, body=InvitationSchema, response=StaffLinkSchema, status=201,
    idempotency="accepted", errors=("staff_exists",), secret_fields=("link",),
)  # fmt: skip
def post_staff_account(call: Call, body: dict[str, Any]) -> Response:
    """Open an account without a password, and a link that chooses one."""
    entry = invited_staff(body["username"], body["role"])

    def work(tx: Session) -> Response:
        def effect() -> dict[str, Any]:
            staff_id, token = invite_staff(tx, entry, call.now, call.staff.name)
            return {"id": staff_id, "link": staff_link(token)}

        return remembered(tx, call, "staff", body, effect, schema=StaffLinkSchema(), secret_fields=("link",))

    return run_tx(Login.BACKOFFICE, work)


@endpoint(
    blp, "PATCH", ONE, auth=MANAGER, login=Login.BACKOFFICE, body=StaffChangeSchema, response=ColleagueSchema,
    errors=("last_owner", "own_staff_account"),
)  # fmt: skip
def patch_staff_account(call: Call, body: dict[str, Any], staff_id: str) -> dict[str, Any]:
    """Closing ends every session and link; a role counts from the next request."""
    known = colleague(call.tx, checked_id(staff_id), call.now).id
    if "role" in body:
        change_role(call.tx, known, body["role"], call.now, call.staff.name)
    if "disabled" in body:
        switch_staff(call.tx, known, body["disabled"], call.now, call.staff.name)
    return _wire(colleague(call.tx, known, call.now))


@endpoint(
    blp, "POST", f"{ONE}/password-reset", auth=MANAGER, login=None, response=StaffLinkSchema, status=201,
    idempotency="accepted", errors=("own_staff_account",), secret_fields=("link",),
)  # fmt: skip
def post_staff_password_reset(call: Call, staff_id: str) -> Response:
    """End the password and every session; the link chooses another."""
    known, nobodys = checked_id(staff_id), no_password()

    def work(tx: Session) -> Response:
        def effect() -> dict[str, Any]:
            token = reset_password(tx, known, nobodys, call.now, call.staff.name)
            return {"id": known, "link": staff_link(token)}

        return remembered(tx, call, "staff", {}, effect, schema=StaffLinkSchema(), secret_fields=("link",))

    return run_tx(Login.BACKOFFICE, work)


@endpoint(
    blp, "DELETE", f"{ONE}/authenticator", auth=MANAGER, login=Login.BACKOFFICE, status=204,
    errors=("own_staff_account",),
)  # fmt: skip
def delete_staff_authenticator(call: Call, staff_id: str) -> None:
    """For somebody who lost it: recovery codes and sessions end with it."""
    reset_authenticator(call.tx, checked_id(staff_id), call.now, call.staff.name)
