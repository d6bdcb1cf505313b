"""A member's notices."""

from __future__ import annotations

from typing import Any

from marshmallow import fields
from marshmallow.validate import Length

from catalog.notices.kinds import GROUPS
from catalog.notices.preferences import groups_off, switch_off
from catalog.notices.queries import count_unread, mark_read, notices_page
from catalog.routes.schemas import NotificationSchema, ReadSchema, UnreadSchema
from catalog.routes.wire import notice_wire
from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Choice, StrictSchema
from mall.http.pagination import PageQuery, list_schema
from mall.http.principals import MEMBER
from mall.i18n import language

blp = api_blueprint("notifications", __name__, description="What members are told")


@endpoint(
    blp, "GET", "/me/notifications", auth=MEMBER, login=Login.REDEMPTION, query=PageQuery,
    response=list_schema(NotificationSchema),
)  # fmt: skip
def list_notifications(call: Call) -> dict[str, Any]:
    notices, next_cursor = notices_page(
        call.tx, call.member.member_id, call.query["limit"], call.query.get("cursor"), language(), call.now
    )
    items = [notice_wire(notice) for notice in notices]
    return {"items": items, "next_cursor": next_cursor}


class NoticeGroupSchema(StrictSchema):
    """A group of notices that can be switched off."""

    name = fields.String(required=True)
    kinds = fields.List(fields.String(), required=True)
    on = fields.Boolean(required=True)


class NoticeGroupsSchema(StrictSchema):
    """All groups; kinds in none of them are needed and always come."""

    groups = fields.List(fields.Nested(NoticeGroupSchema), required=True)


class NoticePreferencesSchema(StrictSchema):
    """The groups to be switched off; all others are switched on."""

    off = fields.List(Choice(tuple(GROUPS)), required=True, validate=Length(max=len(GROUPS)))


@endpoint(
    blp, "GET", "/me/notice-preferences", auth=MEMBER, login=Login.REDEMPTION, response=NoticeGroupsSchema
)  # fmt: skip
def get_notice_preferences(call: Call) -> dict[str, Any]:
    return _groups(call)


def _groups(call: Call) -> dict[str, Any]:
    off = groups_off(call.tx, call.member.member_id)
    return {"groups": [{"name": name, "kinds": kinds, "on": name not in off} for name, kinds in GROUPS.items()]}


@endpoint(
    blp, "PUT", "/me/notice-preferences", auth=MEMBER, login=Login.REDEMPTION, body=NoticePreferencesSchema,
    response=NoticeGroupsSchema,
)  # fmt: skip
def put_notice_preferences(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    switch_off(call.tx, call.member.member_id, body["off"])
    return _groups(call)


@endpoint(
    blp, "POST", "/me/notifications/read", auth=MEMBER, login=Login.REDEMPTION, body=ReadSchema, response=UnreadSchema,
    body_optional=True,
)  # fmt: skip
def post_read(call: Call, body: dict[str, Any]) -> dict[str, int]:
    member_id = call.member.member_id
    mark_read(call.tx, member_id, body.get("until"), call.now)
    return {"unread": count_unread(call.tx, member_id)}
