"""The page of a waiting room."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from catalog.gifts.queries import find_shown
from catalog.queue.places import join, leave
from catalog.queue.show import show_room
from catalog.routes.queues import queue_wire
from catalog.routes.shown import card
from mall.db import Login
from mall.http.call import Call
from mall.http.ids import checked_id
from mall.http.page import page
from mall.http.principals import MEMBER
from points.earning.book_events import mall_zone
from points.viewer import require_active, viewer

pages = Blueprint("queue_pages", __name__)
HERE = "/gifts/{gift_id}/queue"


def _item(typed: Any) -> str | None:
    return checked_id(typed["variant"]) if typed.get("variant") else None


def _path(gift_id: str, item: str | None) -> str:
    chosen = f"?{urlencode({'variant': item})}" if item is not None and item != gift_id else ""
    return HERE.format(gift_id=gift_id) + chosen


@page(pages, "GET", "/gifts/<gift_id>/queue", auth=MEMBER, login=Login.REDEMPTION)
def queue(call: Call, gift_id: str) -> str:
    """Where one stands, in plain words; asks for itself again while something can change."""
    item = _item(request.args)
    shown = show_room(call.tx, checked_id(gift_id), item, call.member.member_id, call.now, mall_zone())
    me = viewer(call.tx, call.principal, call.now)
    gift = find_shown(call.tx, gift_id, call.now)
    here = shown.standing
    return render_template(
        "storefront/queue.html",
        me=me,
        gift=card(gift, me.balance.available if me else None, call.now),
        variant=None if shown.item_id == gift_id else shown.item_id,
        queue=queue_wire(shown),
        may_join=here.may_join,
        may_leave=here.may_leave,
        path=_path(gift_id, shown.item_id),
        seconds_left=None if here.turn_until is None else int((here.turn_until - call.now).total_seconds()),
    )


@page(pages, "POST", "/gifts/<gift_id>/queue", auth=MEMBER, login=Login.REDEMPTION, on_error=HERE)
def join_form(call: Call, gift_id: str) -> Redirect:
    """Take a place."""
    require_active(call.member)
    room = join(call.tx, call.member, checked_id(gift_id), _item(request.form), call.now)
    return redirect(_path(gift_id, room.item_id), 303)


@page(pages, "POST", "/gifts/<gift_id>/queue/leave", auth=MEMBER, login=Login.REDEMPTION, on_error=HERE)
def leave_form(call: Call, gift_id: str) -> Redirect:
    """Give one's place up."""
    item = _item(request.form)
    leave(call.tx, call.member.member_id, checked_id(gift_id), item, call.now)
    flash(_("You have left the waiting room."), "info")
    return redirect(_path(gift_id, item), 303)
