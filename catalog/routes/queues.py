"""Waiting rooms of hot drops, for programs."""

from __future__ import annotations

from typing import Any

from catalog.queue.places import join, leave
from catalog.queue.rules import commitment
from catalog.queue.show import Shown, drawn_page, show_room
from catalog.routes.queue_schemas import DrawnQuery, DrawnTicketSchema, JoinQueueSchema, QueueQuery, QueueSchema
from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.ids import checked_id
from mall.http.limits import spend
from mall.http.pagination import list_schema
from mall.http.principals import MEMBER
from points.earning.book_events import mall_zone
from points.viewer import require_active

blp = api_blueprint("queues", __name__, description="Waiting rooms: a fair order for what many want at once")
ASKED_AT_MOST = (20, 10)
"""Times in so many seconds, of one member; a page asks every 5 seconds."""


def queue_wire(shown: Shown) -> dict[str, Any]:
    """A waiting room and one's place in it."""
    room, ticket, here = shown.room, shown.ticket, shown.standing
    return {
        "item": shown.item_id,
        "phase": here.phase,
        "ended": here.ended,
        "opens_at": shown.opens_at,
        "release_at": shown.releases_at,
        "turn_seconds": room and room.turn_seconds,
        "pieces": shown.pieces,
        "you": here.you,
        "ticket": ticket and ticket.id,
        "place": here.place,
        "ahead": here.ahead,
        "wait_seconds": here.wait_seconds,
        "turn_until": here.turn_until,
        "order": ticket and ticket.order_id,
        "poll_seconds": here.poll_seconds,
        "seed_sha256": room and commitment(room.seed),
        "seed": room.seed.hex() if room is not None and room.drawn_at is not None else None,
    }


def _item(asked: dict[str, Any]) -> str | None:
    return checked_id(asked["variant"]) if "variant" in asked else None


@endpoint(
    blp, "GET", "/gifts/<gift_id>/queue", auth=MEMBER, login=Login.REDEMPTION, query=QueueQuery, response=QueueSchema
)
def get_queue_place(call: Call, gift_id: str) -> dict[str, Any]:
    """Where one stands. 429 with ``Retry-After`` for whoever asks much more often than ``poll_seconds``."""
    spend("queue", *ASKED_AT_MOST)
    return _shown(call, gift_id, call.query)


def _shown(call: Call, gift_id: str, asked: dict[str, Any]) -> dict[str, Any]:
    member_id = call.member.member_id
    return queue_wire(show_room(call.tx, checked_id(gift_id), _item(asked), member_id, call.now, mall_zone()))


@endpoint(
    blp, "POST", "/gifts/<gift_id>/queue", auth=MEMBER, login=Login.REDEMPTION, body=JoinQueueSchema,
    response=QueueSchema, body_optional=True,
    errors=("queue_not_open", "payment_unavailable", "not_eligible", "limit_reached"),
)  # fmt: skip
def post_queue_place(call: Call, body: dict[str, Any], gift_id: str) -> dict[str, Any]:
    """Take a place, once; who has one keeps it."""
    require_active(call.member)
    room = join(call.tx, call.member, checked_id(gift_id), _item(body), call.now)
    return _shown(call, gift_id, {"variant": room.item_id})


@endpoint(blp, "DELETE", "/gifts/<gift_id>/queue", auth=MEMBER, login=Login.REDEMPTION, query=QueueQuery, status=204)
def delete_queue_place(call: Call, gift_id: str) -> None:
    """Give one's place up; somebody else gets the turn."""
    leave(call.tx, call.member.member_id, checked_id(gift_id), _item(call.query), call.now)


@endpoint(
    blp, "GET", "/gifts/<gift_id>/queue/drawn", auth=MEMBER, login=Login.REDEMPTION, query=DrawnQuery,
    response=list_schema(DrawnTicketSchema),
)  # fmt: skip
def list_drawn_places(call: Call, gift_id: str) -> dict[str, Any]:
    """All tickets in the order that was drawn: with the seed, anybody can repeat it."""
    asked = call.query
    return drawn_page(call.tx, checked_id(gift_id), _item(asked), asked["limit"], asked.get("cursor"), call.now)
