"""Registering, and changing the own profile."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import fields

from mall.db import Login, run_tx
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Choice, Instant, StrictSchema, Text
from mall.http.principals import MEMBER, PUBLIC
from mall.i18n import LANGUAGES
from mall.identity.avatars import AVATARS
from mall.identity.members import change_profile, enter_member, profile, registration
from mall.identity.names import USERNAME_LEAST, USERNAME_MOST
from mall.identity.password_rules import LEAST, MOST
from mall.identity.remembered import remembered

blp = api_blueprint("members", __name__, description="Accounts of members")
NICKNAME_TYPED = 64
"""Characters read of a nickname before it is cleaned; cleaned it has at most 20."""


class RegisterSchema(StrictSchema):
    """An application for an account."""

    username = Text(USERNAME_LEAST, USERNAME_MOST, required=True)
    password = Text(LEAST, MOST, trim=False, required=True)
    nickname = Text(1, NICKNAME_TYPED)


class ProfileSchema(StrictSchema):
    """A member's own profile; ``username`` is null while the account has no password; ``avatar`` is one of a set."""

    id = fields.String(required=True)
    username = fields.String(required=True, allow_none=True)
    nickname = fields.String(required=True)
    avatar = fields.String(required=True)
    locale = fields.String(required=True, allow_none=True)
    status = fields.String(required=True)
    joined_at = Instant(required=True)


class ProfileChangeSchema(StrictSchema):
    """What a member may change of the profile."""

    nickname = Text(1, NICKNAME_TYPED)
    locale = Choice(LANGUAGES, allow_none=True)
    avatar = Choice(tuple(AVATARS), allow_none=True)


@endpoint(
    blp, "POST", "/members", auth=PUBLIC, login=None, body=RegisterSchema, response=ProfileSchema, status=201,
    idempotency="accepted", errors=("username_taken",),
)  # fmt: skip
def post_member(call: Call, body: dict[str, Any]) -> Response:
    entry = registration(body["username"], body["password"], body.get("nickname"))

    def work(tx: Any) -> Response:
        def effect() -> dict[str, Any]:
            return profile(tx, enter_member(tx, entry, call.now).id)

        return remembered(tx, call, entry.username_key, body, effect, schema=ProfileSchema())

    return run_tx(Login.REDEMPTION, work)


@endpoint(blp, "PATCH", "/me", auth=MEMBER, login=Login.REDEMPTION, body=ProfileChangeSchema, response=ProfileSchema)
def patch_me(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    change_profile(call.tx, call.member.member_id, body)
    return profile(call.tx, call.member.member_id)
