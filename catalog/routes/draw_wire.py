"""Draws as the API, the pages and the back office tell of them."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from catalog.draws.entries import entered_orders
from catalog.draws.keep import draw_of_gift
from catalog.draws.views import DrawView, view_of
from catalog.gifts.queries import Shown
from catalog.wording import in_language
from mall.http.call import Call
from mall.http.principals import MemberPrincipal
from mall.i18n import language


def draw_wire(view: DrawView) -> dict[str, Any]:
    """A draw, in wire form but for its winners."""
    draw = view.draw
    return {
        "id": draw.id,
        "gift": draw.gift_id,
        "state": view.state.value,
        "opens_at": draw.opens_at,
        "closes_at": draw.closes_at,
        "winners_count": draw.winners,
        "losers": draw.losers,
        "handover": draw.handover,
        "claim_days": draw.claim_days,
        "entries": view.entries,
        "commitment": draw.commitment,
        "list_sha256": draw.list_sha256,
        "listed_at": draw.frozen_at,
        "seed": draw.seed,
        "drawn_at": draw.drawn_at,
        "record_url": f"/draws/{draw.id}/record.json",
    }


def draw_shown(view: DrawView) -> dict[str, Any]:
    """A draw on a page."""
    shown = {**draw_wire(view), "draws_at": view.draws_at, "one_in": view.one_in}
    return {**shown, "gift_name": in_language(view.gift.name, language()), "points": view.gift.points}


def drawn(call: Call, tx: Session, shown: Shown) -> dict[str, Any]:
    """For pages of a gift: its ``draw`` if it has one, and the orders with which whoever looks has ``entered``."""
    gift, who = shown.gift, call.principal
    found = draw_of_gift(tx, gift.id) if gift.kind == "draw" else None
    if found is None:
        return {"draw": None, "entered": []}
    entered = entered_orders(tx, who.member_id, gift.id) if isinstance(who, MemberPrincipal) else []
    return {"draw": draw_shown(view_of(tx, found, gift, call.now)), "entered": entered}
