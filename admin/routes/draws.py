"""Draws, for the back office. The seed is not here: staff see it when everybody does."""

from __future__ import annotations

from typing import Any

from admin.acting import traced
from admin.routes.gifts import EDITORS, READERS
from catalog.draws.keep import change_draw, create_draw, find_draw
from catalog.draws.states import HANDOVERS, LOSERS, MOST_CLAIM_DAYS
from catalog.draws.views import DrawView, draws_page, view_of, winners_of
from catalog.gifts.edit import get_gift
from catalog.routes.draw_wire import draw_wire
from catalog.routes.draws import DrawSchema
from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Choice, Instant, StrictSchema, Whole
from mall.http.ids import checked_id
from mall.http.pagination import PageQuery, list_schema

blp = api_blueprint("admin-draws", __name__, description="Fair draws, for the back office")
MOST_WINNERS = 10_000


class DrawChangeSchema(StrictSchema):
    """Changes of a draw that is not open yet."""

    opens_at = Instant()
    closes_at = Instant()
    winners = Whole(1, MOST_WINNERS)
    losers = Choice(LOSERS)
    handover = Choice(HANDOVERS)
    claim_days = Whole(1, MOST_CLAIM_DAYS)


class NewDrawSchema(StrictSchema):
    """A new draw. ``opens_at``: now when absent; ``losers``: whether those who do not win get their points back.

    ``handover``: how winners get the prize, ``pickup`` when absent: at the point chosen when entering; with
    ``delivery`` and ``either`` they say within ``claim_days`` (14 when absent) where it is to go.
    """

    opens_at = Instant()
    closes_at = Instant(required=True)
    winners = Whole(1, MOST_WINNERS, required=True)
    losers = Choice(LOSERS, required=True)
    handover = Choice(HANDOVERS)
    claim_days = Whole(1, MOST_CLAIM_DAYS)


class AdminDrawSchema(DrawSchema):
    """A draw as staff see it. ``settled_at``: when the last entry had got its outcome."""

    settled_at = Instant(required=True, allow_none=True)


def _wire(call: Call, view: DrawView) -> dict[str, Any]:
    winners = winners_of(call.tx, view.draw)
    return {**draw_wire(view), "winners": winners, "settled_at": view.draw.settled_at}


def _one(call: Call, draw_id: str) -> dict[str, Any]:
    draw = find_draw(call.tx, draw_id)
    return _wire(call, view_of(call.tx, draw, get_gift(call.tx, draw.gift_id), call.now))


@endpoint(
    blp, "POST", "/admin/gifts/<gift_id>/draw", auth=EDITORS, login=Login.BACKOFFICE, body=NewDrawSchema,
    response=AdminDrawSchema, status=201, idempotency="accepted",
    errors=("not_a_draw", "draw_exists", "draw_with_variants"),
)  # fmt: skip
def post_draw(call: Call, body: dict[str, Any], gift_id: str) -> dict[str, Any]:
    """Announce the draw of a gift of the kind draw: its seed is promised, and members can enter once it opens."""
    return _one(call, create_draw(call.tx, checked_id(gift_id), body, *traced(call)).id)


@endpoint(
    blp, "PATCH", "/admin/draws/<draw_id>", auth=EDITORS, login=Login.BACKOFFICE, body=DrawChangeSchema,
    response=AdminDrawSchema, errors=("draw_open",),
)  # fmt: skip
def patch_draw(call: Call, body: dict[str, Any], draw_id: str) -> dict[str, Any]:
    """Change the terms before the draw opens; afterwards what was announced stands."""
    return _one(call, change_draw(call.tx, checked_id(draw_id), body, *traced(call)).id)


@endpoint(blp, "GET", "/admin/draws/<draw_id>", auth=READERS, login=Login.BACKOFFICE, response=AdminDrawSchema)
def get_admin_draw(call: Call, draw_id: str) -> dict[str, Any]:
    return _one(call, checked_id(draw_id))


@endpoint(
    blp, "GET", "/admin/draws", auth=READERS, login=Login.BACKOFFICE, query=PageQuery,
    response=list_schema(AdminDrawSchema),
)  # fmt: skip
def list_admin_draws(call: Call) -> dict[str, Any]:
    """All draws, the newest first."""
    found = draws_page(call.tx, call.query["limit"], call.query.get("cursor"), call.now)
    return {**found, "items": [_wire(call, view) for view in found["items"]]}
