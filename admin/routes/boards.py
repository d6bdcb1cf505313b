"""The boards, for the back office: a pause, and nicknames that must not be seen."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from admin.acting import acting, traced
from mall.db import Login
from mall.errors import NotFound
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Flag, Instant, StrictSchema, Text, Whole
from mall.http.ids import checked_id
from mall.http.pagination import PageQuery, list_schema, page_in_memory
from mall.http.principals import staff
from mall.identity.nicknames import reset_nickname
from points.earning.book_events import mall_zone
from points.standing.board_keeping import BoardState, board_state, pause_boards, staff_board
from points.standing.boards import BOARD_SIZE, PERIODS

blp = api_blueprint("admin-boards", __name__, description="What the boards show")
READERS, EDITORS = staff("rules", "auditor"), staff("rules")
MOST_REASON = 200
MOST_VERSION = 2**31 - 2


class BoardStateSchema(StrictSchema):
    """Whether boards are shown, and how many members chose to be on them."""

    paused = fields.Boolean(required=True)
    opted_in = fields.Integer(required=True)
    version = fields.Integer(required=True)
    updated_by = fields.String(required=True, allow_none=True)
    updated_at = Instant(required=True, allow_none=True)


class BoardPauseSchema(StrictSchema):
    """``version``: the one that was looked at, 0 when nothing was ever decided."""

    version = Whole(0, MOST_VERSION, required=True)
    paused = Flag(required=True)


class StaffPlaceSchema(StrictSchema):
    """A line of a board."""

    rank = fields.Integer(required=True)
    member = fields.String(required=True, attribute="member_id")
    nickname = fields.String(required=True)
    points = fields.Integer(required=True)


class NicknameResetSchema(StrictSchema):
    """Why; the member reads it."""

    reason = Text(1, MOST_REASON, required=True)


class NicknameSchema(StrictSchema):
    """What the member is called now."""

    nickname = fields.String(required=True)


@endpoint(blp, "GET", "/admin/boards", auth=READERS, login=Login.BACKOFFICE, response=BoardStateSchema)
def get_boards(call: Call) -> BoardState:
    return board_state(call.tx)


@endpoint(
    blp, "PUT", "/admin/boards", auth=EDITORS, login=Login.BACKOFFICE, body=BoardPauseSchema,
    response=BoardStateSchema, errors=("changed_meanwhile",),
)  # fmt: skip
def put_boards(call: Call, body: dict[str, Any]) -> BoardState:
    """Stop showing the boards, or show them again. Prizes that were announced are paid all the same."""
    return pause_boards(call.tx, body["paused"], body["version"], acting(call))


@endpoint(
    blp, "GET", "/admin/boards/<period>", auth=READERS, login=Login.EARNING, query=PageQuery,
    response=list_schema(StaffPlaceSchema),
)  # fmt: skip
def get_staff_board(call: Call, period: str) -> dict[str, Any]:
    """The first 100 places of this ``week``, this ``month`` or ``all`` time, also while boards are paused."""
    if period not in PERIODS:
        raise NotFound()
    places = staff_board(call.tx, period, call.now, mall_zone(), BOARD_SIZE)
    return page_in_memory(places, call.query, lambda one: str(one.member_id))


@endpoint(
    blp, "POST", "/admin/members/<member_id>/nickname-reset", auth=EDITORS, login=Login.BACKOFFICE,
    body=NicknameResetSchema, response=NicknameSchema, errors=("account_not_active",),
)  # fmt: skip
def post_nickname_reset(call: Call, body: dict[str, Any], member_id: str) -> dict[str, str]:
    """Take a nickname away that must not be seen; the member gets a neutral one and reads why."""
    who = traced(call)
    return {"nickname": reset_nickname(call.tx, checked_id(member_id), body["reason"], *who)}
