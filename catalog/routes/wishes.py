"""A member's wish list, for programs."""

from __future__ import annotations

from typing import Any

from catalog.routes.schemas import WishSchema
from catalog.routes.wire import gift_wire
from catalog.wishes.wish import add_wish, remove_wish, wishes_page
from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.ids import checked_id
from mall.http.pagination import PageQuery, list_schema
from mall.http.principals import MEMBER
from points.ledger.queries import balance
from points.viewer import require_active

blp = api_blueprint("wishes", __name__, description="What members would like to have")


@endpoint(
    blp, "GET", "/me/wishes", auth=MEMBER, login=Login.REDEMPTION, query=PageQuery, response=list_schema(WishSchema)
)
def list_wishes(call: Call) -> dict[str, Any]:
    member_id, query = call.member.member_id, call.query
    available = balance(call.tx, member_id, call.now, expiring=False).available
    shown, next_cursor = wishes_page(call.tx, member_id, query["limit"], query.get("cursor"), call.now)
    return {"items": [gift_wire(one, available) for one in shown], "next_cursor": next_cursor}


@endpoint(
    blp, "PUT", "/me/wishes/<gift_id>", auth=MEMBER, login=Login.REDEMPTION, status=204, errors=("too_many_wishes",)
)
def put_wish(call: Call, gift_id: str) -> None:
    require_active(call.member)
    add_wish(call.tx, call.member.member_id, checked_id(gift_id), call.now)


@endpoint(blp, "DELETE", "/me/wishes/<gift_id>", auth=MEMBER, login=Login.REDEMPTION, status=204)
def delete_wish(call: Call, gift_id: str) -> None:
    remove_wish(call.tx, call.member.member_id, checked_id(gift_id), call.now)
