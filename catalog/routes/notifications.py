"""A member's notices."""

from __future__ import annotations

from typing import Any

from catalog.notices.queries import count_unread, mark_read, notices_page
from catalog.routes.schemas import NotificationSchema, ReadSchema, UnreadSchema
from catalog.routes.wire import language, notice_wire
from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.pagination import PageQuery, list_schema
from mall.http.principals import MEMBER

blp = api_blueprint("notifications", __name__, description="What members are told")


@endpoint(
    blp, "GET", "/me/notifications", auth=MEMBER, login=Login.REDEMPTION, query=PageQuery,
    response=list_schema(NotificationSchema),
)  # fmt: skip
def list_notifications(call: Call) -> dict[str, Any]:
    notices, next_cursor = notices_page(
        call.tx, call.member.member_id, call.query["limit"], call.query.get("cursor"), language()
    )
    items = [notice_wire(notice) for notice in notices]
    return {"items": items, "next_cursor": next_cursor}


@endpoint(
    blp, "POST", "/me/notifications/read", auth=MEMBER, login=Login.REDEMPTION, body=ReadSchema, response=UnreadSchema,
    body_optional=True,
)  # fmt: skip
def post_read(call: Call, body: dict[str, Any]) -> dict[str, int]:
    member_id = call.member.member_id
    mark_read(call.tx, member_id, body.get("until"), call.now)
    return {"unread": count_unread(call.tx, member_id)}
