"""A member's account as a whole: taking everything along, and leaving."""

from __future__ import annotations

from typing import Any

from flask import session
from marshmallow import fields

from catalog.account.leave import leave
from catalog.routes.account_parts import mall_part, points_part
from catalog.routes.addresses import AddressSchema
from catalog.routes.schemas import NotificationSchema, OrderSchema
from mall.db import Login, run_tx
from mall.http.blueprint import api_blueprint
from mall.http.call import Call, Reply
from mall.http.endpoint import endpoint
from mall.http.fields import Instant, StrictSchema
from mall.http.principals import MEMBER
from mall.identity.routes.members import ProfileSchema
from mall.identity.step_up import require_full, require_recent
from points.routes.me import BalanceSchema, StatementLineSchema

blp = api_blueprint("account", __name__, description="Everything held about a member, and leaving")


class ExportLevelSchema(StrictSchema):
    """A level and the public points it stands on."""

    number = fields.Integer(required=True)
    points = fields.Integer(required=True)


class ExportSessionSchema(StrictSchema):
    """Where a member is signed in."""

    id = fields.String(required=True)
    kind = fields.String(required=True)
    device = fields.String(required=True)
    created_at = Instant(required=True)
    last_seen_at = Instant(required=True)
    expires_at = Instant(required=True)


class ExportCheckInSchema(StrictSchema):
    """A check-in."""

    date = fields.Date(required=True)
    points = fields.Integer(required=True)
    streak = fields.Integer(required=True)
    repaired = fields.Boolean(required=True)


class ExportCardSchema(StrictSchema):
    """A make-up card: where it is from, and the day it made up for, if it was used."""

    origin = fields.String(required=True)
    created_at = Instant(required=True)
    used_day = fields.Date(required=True, allow_none=True)


class ExportAttemptSchema(StrictSchema):
    """An attempt at a quiz; what is null was not handed in yet."""

    id = fields.String(required=True)
    quiz = fields.String(required=True)
    started_at = Instant(required=True)
    submitted_at = Instant(required=True, allow_none=True)
    answers = fields.Dict(keys=fields.String(), values=fields.String(), required=True, allow_none=True)
    score = fields.Integer(required=True, allow_none=True)
    max_score = fields.Integer(required=True)
    points = fields.Integer(required=True, allow_none=True)


class ExportActivitySchema(StrictSchema):
    """An activity the member signed up for or came to."""

    activity = fields.String(required=True)
    signed_up_at = Instant(required=True, allow_none=True)
    attended_at = Instant(required=True, allow_none=True)


class ExportQueueSchema(StrictSchema):
    """A place in a waiting room."""

    id = fields.String(required=True)
    gift = fields.String(required=True)
    release_at = Instant(required=True)
    joined_at = Instant(required=True)
    state = fields.String(required=True)
    place = fields.Integer(required=True, allow_none=True)
    order = fields.String(required=True, allow_none=True)


class ExportSchema(StrictSchema):
    """Everything held about a member."""

    exported_at = Instant(required=True)
    profile = fields.Nested(ProfileSchema, required=True)
    level = fields.Nested(ExportLevelSchema, required=True)
    on_boards = fields.Boolean(required=True)
    balance = fields.Nested(BalanceSchema, required=True)
    statement = fields.List(fields.Nested(StatementLineSchema), required=True)
    check_ins = fields.List(fields.Nested(ExportCheckInSchema), required=True)
    make_up_cards = fields.List(fields.Nested(ExportCardSchema), required=True)
    check_in_reminder_hour = fields.Integer(required=True, allow_none=True)
    quiz_attempts = fields.List(fields.Nested(ExportAttemptSchema), required=True)
    activities = fields.List(fields.Nested(ExportActivitySchema), required=True)
    addresses = fields.List(fields.Nested(AddressSchema), required=True)
    orders = fields.List(fields.Nested(OrderSchema), required=True)
    wishes = fields.List(fields.String(), required=True)
    queues = fields.List(fields.Nested(ExportQueueSchema), required=True)
    notices_off = fields.List(fields.String(), required=True)
    notifications = fields.List(fields.Nested(NotificationSchema), required=True)
    sessions = fields.List(fields.Nested(ExportSessionSchema), required=True)


@endpoint(blp, "GET", "/me/export", auth=MEMBER, login=None, response=ExportSchema, dump=False)
def export_me(call: Call) -> Reply:
    """Two transactions: no login may read both what was earned and what was ordered."""
    require_full(call.member)
    member_id, now = call.member.member_id, call.now
    parts: dict[str, Any] = {"exported_at": now}
    parts |= run_tx(Login.EARNING, lambda tx: points_part(tx, member_id, now))
    parts |= run_tx(Login.REDEMPTION, lambda tx: mall_part(tx, member_id, now))
    body = {name: field.serialize(name, parts) for name, field in _SCALARS.items()}
    return Reply({**parts, **body}, headers={"Content-Disposition": 'attachment; filename="my-account.json"'})


_IN_WIRE_FORM = ("balance", "orders")
_SCALARS = {name: field for name, field in ExportSchema().fields.items() if name not in _IN_WIRE_FORM}


@endpoint(blp, "DELETE", "/me", auth=MEMBER, login=Login.REDEMPTION, status=204)
def delete_me(call: Call) -> None:
    """The person goes; the ledger keeps a nameless account. Needs the password given a short while ago."""
    require_recent(call.member, call.now)
    leave(call.tx, call.member.member_id, call.now, call.request_id)
    if call.principal.via == "cookie":
        session.clear()
