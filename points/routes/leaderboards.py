"""Leaderboards over the API."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from mall.db import Login
from mall.errors import NotFound
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Flag, StrictSchema
from mall.http.pagination import PageQuery, decode_cursor, encode_cursor
from mall.http.principals import MEMBER
from points.earning.book_events import mall_zone
from points.standing.boards import BOARD_SIZE, PERIODS, board, show_on_boards

blp = api_blueprint("leaderboards", __name__, description="Leaderboards of members who chose to be shown")


class PlaceSchema(StrictSchema):
    """A line of a board."""

    rank = fields.Integer(required=True)
    nickname = fields.String(required=True)
    avatar = fields.String(required=True)
    points = fields.Integer(required=True)
    mine = fields.Boolean(required=True)


class BoardSchema(StrictSchema):
    """A board: its first 100 places, in pages; none while boards are ``paused``."""

    items = fields.List(fields.Nested(PlaceSchema), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
    mine = fields.Nested(PlaceSchema, required=True, allow_none=True)
    opted_in = fields.Boolean(required=True)
    paused = fields.Boolean(required=True)


class BoardChoiceSchema(StrictSchema):
    """Whether to be shown on the boards."""

    opted_in = Flag(required=True)


@endpoint(blp, "GET", "/leaderboards/<period>", auth=MEMBER, login=Login.EARNING, query=PageQuery, response=BoardSchema)
def get_leaderboard(call: Call, period: str) -> dict[str, Any]:
    """The board of this ``week``, this ``month`` or ``all`` time: public points, members who opted in."""
    if period not in PERIODS:
        raise NotFound()
    found = board(call.tx, period, call.member.member_id, call.now, mall_zone())
    limit, seen = call.query["limit"], decode_cursor(call.query.get("cursor"), int)
    start = min(max(seen[0], 0), BOARD_SIZE) if seen else 0
    more = start + limit < len(found.places)
    return {
        "items": found.places[start : start + limit],
        "next_cursor": encode_cursor(start + limit) if more else None,
        "mine": found.mine,
        "opted_in": found.opted_in,
        "paused": found.paused,
    }


@endpoint(blp, "PUT", "/me/board", auth=MEMBER, login=Login.EARNING, body=BoardChoiceSchema, response=BoardChoiceSchema)
def choose_board(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    """Be shown on the boards under the nickname, or no longer."""
    show_on_boards(call.tx, call.member.member_id, body["opted_in"], call.now)
    return {"opted_in": body["opted_in"]}
