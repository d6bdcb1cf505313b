"""Draws for everybody: the promise, the list, the seed, and how to draw again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, render_template, request
from marshmallow import fields

from catalog.draws.states import HANDOVERS, LOSERS, DrawState
from catalog.draws.views import (
    entries_page,
    find_draw_shown,
    place_of,
    record_of,
    winners_of,
)
from catalog.routes.draw_wire import draw_shown, draw_wire
from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Instant, StrictSchema
from mall.http.ids import checked_id
from mall.http.page import page
from mall.http.pagination import PageQuery, list_schema
from mall.http.principals import OPTIONAL_MEMBER, PUBLIC
from points.viewer import viewer

blp = api_blueprint("draws", __name__, description="Fair draws")
pages = Blueprint("draw_pages", __name__)
SCRIPT = Path(__file__).resolve().parents[2] / "docs" / "verify_draw.py"
WINNERS_SHOWN = 100
LONGEST_ENTRY = 40


class DrawSchema(StrictSchema):
    """A draw. ``commitment``: SHA-256 of ``id:seed``, published beforehand. ``entries``: how many stand now, then those
    of the list; ``losers``: what happens to the points of the others; ``handover``: how winners get the
    prize, and ``claim_days`` how many days they have to say so where it is not at the point chosen when entering
    (``pickup``); ``list_sha256``: of the entries in ascending
    order, each followed by a line feed; ``winners``: entries, the first prize first."""

    id = fields.String(required=True)
    gift = fields.String(required=True)
    state = fields.String(required=True, metadata={"enum": [state.value for state in DrawState]})
    opens_at = Instant(required=True)
    closes_at = Instant(required=True)
    winners_count = fields.Integer(required=True)
    losers = fields.String(required=True, metadata={"enum": list(LOSERS)})
    handover = fields.String(required=True, metadata={"enum": list(HANDOVERS)})
    claim_days = fields.Integer(required=True)
    entries = fields.Integer(required=True)
    commitment = fields.String(required=True)
    list_sha256 = fields.String(required=True, allow_none=True)
    listed_at = Instant(required=True, allow_none=True)
    seed = fields.String(required=True, allow_none=True)
    drawn_at = Instant(required=True, allow_none=True)
    winners = fields.List(fields.String(), required=True, allow_none=True)
    record_url = fields.String(required=True)


class DrawEntrySchema(StrictSchema):
    """An entry of the published list; ``rank``: 1 is the first to win, null before the seed is revealed."""

    entry = fields.String(required=True)
    rank = fields.Integer(required=True, allow_none=True)


@endpoint(blp, "GET", "/draws/<draw_id>", auth=PUBLIC, login=Login.REDEMPTION, response=DrawSchema)
def get_draw(call: Call, draw_id: str) -> dict[str, Any]:
    """Before, the promise; afterwards seed and winners. ``record_url`` has all that is needed to draw again."""
    view = find_draw_shown(call.tx, checked_id(draw_id), call.now)
    return {**draw_wire(view), "winners": winners_of(call.tx, view.draw)}


@endpoint(
    blp, "GET", "/draws/<draw_id>/entries", auth=PUBLIC, login=Login.REDEMPTION, query=PageQuery,
    response=list_schema(DrawEntrySchema),
)  # fmt: skip
def list_draw_entries(call: Call, draw_id: str) -> dict[str, Any]:
    """The published list, ascending; empty until it is published."""
    view = find_draw_shown(call.tx, checked_id(draw_id), call.now)
    return entries_page(call.tx, view.draw, call.query["limit"], call.query.get("cursor"))


@page(pages, "GET", "/draws/<draw_id>", auth=OPTIONAL_MEMBER, login=Login.REDEMPTION)
def draw(call: Call, draw_id: str) -> str:
    """How the draw works and stands; with ``?entry=`` where that entry came."""
    view = find_draw_shown(call.tx, checked_id(draw_id), call.now)
    entry = request.args.get("entry", "").replace("\0", "").strip()[:LONGEST_ENTRY]
    entry = entry.encode("utf-8", "ignore").decode()
    listed, rank = place_of(call.tx, view.draw, entry) if entry else (False, None)
    return render_template(
        "storefront/draw.html",
        me=viewer(call.tx, call.principal, call.now),
        draw=draw_shown(view),
        winners=winners_of(call.tx, view.draw, WINNERS_SHOWN),
        entry=entry,
        listed=listed,
        rank=rank,
    )


@page(pages, "GET", "/draws/<draw_id>/record.json", auth=PUBLIC, login=Login.REDEMPTION)
def draw_record(call: Call, draw_id: str) -> Response:
    """All that is needed to draw again, in one file."""
    view = find_draw_shown(call.tx, checked_id(draw_id), call.now)
    text = json.dumps(record_of(call.tx, view.draw), indent=1)
    return Response(text, content_type="application/json")


@page(pages, "GET", "/draws/verify_draw.py", auth=PUBLIC, login=None)
def verify_script(call: Call) -> Response:
    """The script that draws again."""
    headers = {"Content-Disposition": 'attachment; filename="verify_draw.py"'}
    return Response(SCRIPT.read_text(encoding="utf-8"), content_type="text/x-python; charset=utf-8", headers=headers)
