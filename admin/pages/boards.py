"""The boards in the back office: what they show now, a pause, and nicknames that must not be seen."""

from __future__ import annotations

from flask import flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from admin.acting import acting, traced
from admin.pages.blueprint import desk
from admin.pages.forms import whole_typed
from admin.routes.boards import EDITORS, MOST_REASON, READERS, BoardPauseSchema, NicknameResetSchema
from mall.db import Login
from mall.http.call import Call, load
from mall.http.ids import checked_id
from mall.http.page import page
from mall.identity.nicknames import reset_nickname
from points.earning.book_events import mall_zone
from points.standing.board_keeping import board_state, pause_boards, staff_board
from points.standing.boards import BOARD_SIZE, PERIODS

pages = desk("boards", __name__)
URL = "/admin/boards"


@page(pages, "GET", "/boards", auth=READERS, login=Login.EARNING)
def board_list(call: Call) -> str:
    """A board (``?period=``), the month's to begin with."""
    period = request.args.get("period", "month")
    period = period if period in PERIODS else "month"
    return render_template(
        "admin/boards.html", period=period, periods=PERIODS, state=board_state(call.tx), most=MOST_REASON,
        rows=staff_board(call.tx, period, call.now, mall_zone(), BOARD_SIZE),
        may_edit=EDITORS.opens_for(call.staff),
    )  # fmt: skip


@page(pages, "POST", "/boards", auth=EDITORS, login=Login.BACKOFFICE, on_error=URL)
def set_boards(call: Call) -> Redirect:
    """Stop showing the boards, or show them again."""
    version = whole_typed(request.form.get("version", ""), 10)
    body = load(BoardPauseSchema(), {"version": version, "paused": request.form.get("paused") == "1"})
    found = pause_boards(call.tx, body["paused"], body["version"], acting(call))
    flash(_("The boards are paused.") if found.paused else _("The boards are shown again."), "success")
    return redirect(URL, 303)


@page(pages, "POST", "/boards/<member_id>/nickname", auth=EDITORS, login=Login.BACKOFFICE, on_error=URL)
def take_nickname(call: Call, member_id: str) -> Redirect:
    """Give a member a neutral nickname."""
    body = load(NicknameResetSchema(), {"reason": request.form.get("reason", "")})
    name = reset_nickname(call.tx, checked_id(member_id), body["reason"], *traced(call))
    flash(_("The member is called %(name)s now, and is told why.", name=name), "success")
    return redirect(URL, 303)
