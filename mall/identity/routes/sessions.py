"""Signing in and out, for members and staff."""

from __future__ import annotations

from typing import Any

from flask import Response, request, session
from marshmallow import fields
from sqlalchemy.orm import Session

from mall.db import Login, run_tx
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Instant, StrictSchema, Text
from mall.http.pagination import PageQuery, list_schema, page_in_memory
from mall.http.principals import MEMBER, PUBLIC, staff, while_enrolling
from mall.identity.devices import device_name
from mall.identity.members import profile
from mall.identity.models import Staff
from mall.identity.remembered import remembered
from mall.identity.routes.members import ProfileSchema
from mall.identity.sessions import (
    API,
    end_member_sessions,
    end_own_session,
    end_session,
    end_staff_sessions,
    sessions_of,
)
from mall.identity.signing_in import (
    Visitor,
    accept,
    open_member_session,
    open_staff_session,
    prove_member,
    prove_staff,
)
from mall.identity.step_up import require_full

blp = api_blueprint("sessions", __name__, description="Signing in and out")
TYPED = 256
"""Characters read of a name or password at sign-in; what is longer cannot be right."""
OWN = while_enrolling(staff())
"""Staff, also those who may do nothing else before they have set up an authenticator."""


class SignInSchema(StrictSchema):
    """A member's credential."""

    username = Text(1, TYPED, required=True)
    password = Text(1, TYPED, trim=False, required=True)


class StaffSignInSchema(SignInSchema):
    """A credential of staff; ``otp``, of the authenticator or a recovery code, once one is enrolled."""

    otp = Text(6, 16)


class OpenedSchema(StrictSchema):
    """A session; ``token`` is shown once, null when the answer is a repeat."""

    token = fields.String(required=True, allow_none=True)
    expires_at = Instant(required=True)
    secret_shown_once = fields.Boolean()


class MemberSessionSchema(OpenedSchema):
    """A member's session."""

    member = fields.Nested(ProfileSchema, required=True)


class DeviceSchema(StrictSchema):
    """Where a member is signed in; ``current``: the session that asks."""

    id = fields.String(required=True)
    device = fields.String(required=True)
    started_at = Instant(required=True)
    last_seen_at = Instant(required=True)
    expires_at = Instant(required=True)
    current = fields.Boolean(required=True)


class StaffSchema(StrictSchema):
    """A member of staff."""

    id = fields.String(required=True)
    username = fields.String(required=True)
    role = fields.String(required=True)


class StaffSessionSchema(OpenedSchema):
    """A session of staff."""

    staff = fields.Nested(StaffSchema, required=True)


def _visitor() -> Visitor:
    return Visitor(request.remote_addr, device_name(request.headers.get("User-Agent")), API)


@endpoint(
    blp, "POST", "/sessions", auth=PUBLIC, login=None, body=SignInSchema, response=MemberSessionSchema, status=201,
    idempotency="accepted", secret_fields=("token",),
)  # fmt: skip
def post_session(call: Call, body: dict[str, Any]) -> Response:
    proof = prove_member(body["username"], body["password"], request.remote_addr)

    def work(tx: Session) -> Response:
        accept(tx, proof)

        def effect() -> dict[str, Any]:
            opened = open_member_session(tx, proof, _visitor(), call.now)
            member = profile(tx, proof.credential.holder_id)
            return {"token": opened.token, "expires_at": opened.expires_at, "member": member}

        scope = proof.credential.holder_id
        schema = MemberSessionSchema()
        return remembered(tx, call, scope, body, effect, schema=schema, secret_fields=("token",))

    return run_tx(Login.REDEMPTION, work)


@endpoint(blp, "DELETE", "/sessions/current", auth=MEMBER, login=Login.REDEMPTION, status=204)
def delete_session(call: Call) -> None:
    end_session(call.tx, call.member.session_id)
    _forget_cookie(call)


@endpoint(
    blp, "GET", "/me/sessions", auth=MEMBER, login=Login.REDEMPTION, query=PageQuery,
    response=list_schema(DeviceSchema),
)  # fmt: skip
def get_sessions(call: Call) -> dict[str, Any]:
    require_full(call.member)
    items = [
        {
            "id": row.id,
            "device": row.device,
            "started_at": row.created_at,
            "last_seen_at": row.last_seen_at,
            "expires_at": row.expires_at,
            "current": row.id == call.member.session_id,
        }
        for row in sessions_of(call.tx, call.member.member_id, call.now)
    ]
    return page_in_memory(items, call.query, lambda item: str(item["id"]))


@endpoint(blp, "DELETE", "/me/sessions/<session_id>", auth=MEMBER, login=Login.REDEMPTION, status=204)
def delete_device(call: Call, session_id: str) -> None:
    require_full(call.member)
    end_own_session(call.tx, call.member.member_id, session_id)
    if session_id == call.member.session_id:
        _forget_cookie(call)


@endpoint(blp, "DELETE", "/sessions", auth=MEMBER, login=Login.REDEMPTION, status=204)
def delete_sessions(call: Call) -> None:
    end_member_sessions(call.tx, call.member.member_id)
    _forget_cookie(call)


@endpoint(
    blp, "POST", "/staff/sessions", auth=PUBLIC, login=None, body=StaffSignInSchema, response=StaffSessionSchema,
    status=201, idempotency="accepted", secret_fields=("token",),
)  # fmt: skip
def post_staff_session(call: Call, body: dict[str, Any]) -> Response:
    proof = prove_staff(body["username"], body["password"], request.remote_addr)

    def work(tx: Session) -> Response:
        def effect() -> dict[str, Any]:
            opened = open_staff_session(tx, proof, body.get("otp"), _visitor(), call.now, call.request_id)
            found = tx.get_one(Staff, proof.credential.holder_id)
            return {"token": opened.token, "expires_at": opened.expires_at, "staff": found}

        scope = proof.credential.holder_id
        schema = StaffSessionSchema()
        return remembered(tx, call, scope, body, effect, schema=schema, secret_fields=("token",))

    return run_tx(Login.BACKOFFICE, work)


@endpoint(blp, "DELETE", "/staff/sessions/current", auth=OWN, login=Login.BACKOFFICE, status=204)
def delete_staff_session(call: Call) -> None:
    end_session(call.tx, call.staff.session_id)
    _forget_cookie(call)


@endpoint(blp, "DELETE", "/staff/sessions", auth=OWN, login=Login.BACKOFFICE, status=204)
def delete_staff_sessions(call: Call) -> None:
    end_staff_sessions(call.tx, call.staff.staff_id)
    _forget_cookie(call)


def _forget_cookie(call: Call) -> None:
    if call.principal.via == "cookie":
        session.clear()
