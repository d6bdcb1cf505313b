"""Gifts and categories, for everybody."""

from __future__ import annotations

from typing import Any

from catalog.draws.keep import draw_of_gift
from catalog.drops.keep import next_releases
from catalog.gifts.queries import Wanted, find_shown, gifts_page
from catalog.gifts.shelves import categories
from catalog.gifts.tags import tags
from catalog.routes.schemas import CategorySchema, GiftDetailSchema, GiftSchema, GiftsQuery, TagSchema
from catalog.routes.wire import category_wire, gift_detail_wire, gift_wire
from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.ids import checked_id
from mall.http.pagination import PageQuery, list_schema, page_in_memory
from mall.http.principals import OPTIONAL_MEMBER, PUBLIC, MemberPrincipal
from points.earning.book_events import mall_zone
from points.ledger.queries import balance

blp = api_blueprint("gifts", __name__, description="What points can get")


def _available(call: Call) -> int | None:
    if not isinstance(call.principal, MemberPrincipal):
        return None
    return balance(call.tx, call.principal.member_id, call.now, expiring=False).available


@endpoint(
    blp, "GET", "/gifts", auth=OPTIONAL_MEMBER, login=Login.REDEMPTION, query=GiftsQuery,
    response=list_schema(GiftSchema),
)  # fmt: skip
def list_gifts(call: Call) -> dict[str, Any]:
    available, query = _available(call), call.query
    wanted = Wanted(
        query.get("category") or None, query.get("q") or None, query["sort"], query.get("affordable", False), available,
        query.get("tag") or None,
    )  # fmt: skip
    shown, next_cursor = gifts_page(call.tx, wanted, query["limit"], query.get("cursor"), call.now)
    return {"items": [gift_wire(one, available) for one in shown], "next_cursor": next_cursor}


@endpoint(blp, "GET", "/gifts/<gift_id>", auth=OPTIONAL_MEMBER, login=Login.REDEMPTION, response=GiftDetailSchema)
def get_gift(call: Call, gift_id: str) -> dict[str, Any]:
    shown = find_shown(call.tx, checked_id(gift_id), call.now)
    detail = gift_detail_wire(shown, _available(call), next_releases(call.tx, gift_id, call.now, mall_zone()))
    announced = draw_of_gift(call.tx, gift_id) if shown.gift.kind == "draw" else None
    return {**detail, "draw": announced and announced.id}


@endpoint(
    blp, "GET", "/categories", auth=PUBLIC, login=Login.REDEMPTION, query=PageQuery,
    response=list_schema(CategorySchema),
)  # fmt: skip
def list_categories(call: Call) -> dict[str, Any]:
    shelves = [category_wire(category) for category in categories(call.tx)]
    return page_in_memory(shelves, call.query, lambda shelf: str(shelf["id"]))


@endpoint(blp, "GET", "/tags", auth=PUBLIC, login=Login.REDEMPTION, query=PageQuery, response=list_schema(TagSchema))
def list_tags(call: Call) -> dict[str, Any]:
    return page_in_memory([category_wire(tag) for tag in tags(call.tx)], call.query, lambda tag: str(tag["id"]))
