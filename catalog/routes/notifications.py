"""A member's notices."""

from __future__ import annotations

from typing import Any

from catalog.notices.queries import notices_page
from catalog.routes.schemas import NotificationSchema
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
