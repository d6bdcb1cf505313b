"""The boards and the winners of past months, as pages and over the API."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext as _
from marshmallow import fields
from werkzeug.wrappers import Response as Redirect

from mall.clock import local_date
from mall.db import Login
from mall.errors import NotFound
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import StrictSchema
from mall.http.page import page
from mall.http.principals import MEMBER
from points.earning.book_events import mall_zone
from points.prizes.winners import prizes_of, winners
from points.standing.boards import PERIODS, board, show_on_boards
from points.viewer import viewer

blp = api_blueprint("prizes", __name__, description="Prizes of the month and who won them")
pages = Blueprint("boards", __name__)
PLACES = 50


class WinnerSchema(StrictSchema):
    """A winner who is on the boards."""

    place = fields.Integer(required=True)
    nickname = fields.String(required=True)
    avatar = fields.String(required=True)
    points = fields.Integer(required=True)
    prize_points = fields.Integer(required=True)
    mine = fields.Boolean(required=True)


class WinnersMonthSchema(StrictSchema):
    """The winners of a month, ``YYYY-MM``."""

    month = fields.String(required=True)
    winners = fields.List(fields.Nested(WinnerSchema), required=True)


class PrizesSchema(StrictSchema):
    """What this month offers, by place, and who won in the last twelve months that are closed."""

    month = fields.String(required=True)
    prizes = fields.List(fields.Integer(), required=True)
    months = fields.List(fields.Nested(WinnersMonthSchema), required=True)


@endpoint(blp, "GET", "/prizes", auth=MEMBER, login=Login.EARNING, response=PrizesSchema)
def list_prizes(call: Call) -> dict[str, Any]:
    """Prizes of this month and past winners; members who left the boards are not named."""
    month = local_date(call.now, mall_zone()).replace(day=1)
    listed = [
        {"month": f"{one.month:%Y-%m}", "winners": one.winners} for one in winners(call.tx, call.member.member_id)
    ]
    return {"month": f"{month:%Y-%m}", "prizes": prizes_of(call.tx, month), "months": listed}


@page(pages, "GET", "/boards", auth=MEMBER, login=Login.EARNING)
def boards_home(call: Call) -> Redirect:
    """The board of the month is the one with prizes."""
    return redirect("/boards/month", 303)


@page(pages, "GET", "/boards/winners", auth=MEMBER, login=Login.EARNING)
def winners_page(call: Call) -> str:
    """Who won in past months."""
    return render_template("storefront/winners.html", months=winners(call.tx, call.member.member_id))


@page(pages, "GET", "/boards/<period>", auth=MEMBER, login=Login.EARNING)
def board_page(call: Call, period: str) -> str:
    """A board, the own line, and the choice to be on it."""
    if period not in PERIODS:
        raise NotFound()
    month = local_date(call.now, mall_zone()).replace(day=1)
    return render_template(
        "storefront/board.html", period=period, periods=PERIODS, me=viewer(call.tx, call.principal, call.now),
        board=board(call.tx, period, call.member.member_id, call.now, mall_zone(), PLACES),
        prizes=prizes_of(call.tx, month) if period == "month" else [],
    )  # fmt: skip


@page(pages, "POST", "/boards/choice", auth=MEMBER, login=Login.EARNING, on_error="/boards/month")
def board_choice(call: Call) -> Redirect:
    """Be shown under the nickname, or no longer."""
    shown = request.form.get("shown") == "1"
    show_on_boards(call.tx, call.member.member_id, shown, call.now)
    flash(
        _("You are on the boards under your nickname.") if shown else _("You are no longer shown on the boards."),
        "success",
    )
    return redirect("/boards/month", 303)
