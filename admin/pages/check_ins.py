"""Check-ins in the back office: make-up cards' price and use, and days that break no streak."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from admin.acting import acting
from admin.pages.blueprint import desk
from admin.pages.forms import FORM_ERROR, attempt, optional_figure
from admin.people import names_of_staff
from admin.routes.check_ins import CheckInSettingsSchema, NewCardsSchema, NewDayOffSchema, read_day
from mall.clock import local_date
from mall.db import Login
from mall.errors import MallError
from mall.http.call import Call, load
from mall.http.page import page
from mall.http.principals import staff
from mall.http.problems import STATUS
from mall.identity.forms import messages_of
from points.checkin.cards import give_cards
from points.checkin.days_off import add_day_off, days_off, remove_day_off
from points.checkin.policy import NAMES, change_settings
from points.checkin.records import settings_of
from points.earning.book_events import mall_zone

pages = desk("check-ins", __name__)
READERS, EDITORS = staff("rules", "auditor"), staff("rules")
PAGE = "/admin/check-ins"
FIGURES = ("card_price_points", "repair_days", "most_cards", "card_every_days")
SHOWN = timedelta(days=180)


@page(pages, "GET", "/check-ins", auth=READERS, login=Login.BACKOFFICE)
def check_ins_page(call: Call) -> str:
    """The settings, and the days listed."""
    return _shown(call, {}, {}, {}, {})


@page(pages, "POST", "/check-ins/settings", auth=EDITORS, login=Login.BACKOFFICE)
def save_settings(call: Call) -> Response | Redirect:
    """Change what cards cost and do, from now on."""
    given: dict[str, Any] = {name: optional_figure(request.form.get(name, "")) for name in FIGURES}
    given["repaired_day_pays"] = request.form.get("repaired_day_pays") == "1"
    work = lambda: change_settings(call.tx, load(CheckInSettingsSchema(), given), acting(call))  # noqa: E731
    _done, error = attempt(call.tx, work)
    if error is None:
        flash(_("Saved: it counts from now on."), "success")
        return redirect(PAGE, 303)
    form = {**{name: request.form.get(name, "") for name in FIGURES}, NAMES[-1]: given[NAMES[-1]]}
    return _again(error, _shown(call, form, messages_of(error, FORM_ERROR), {}, {}))


@page(pages, "POST", "/check-ins/days", auth=EDITORS, login=Login.BACKOFFICE)
def add_day(call: Call) -> Response | Redirect:
    """List a day."""
    given = {name: request.form.get(name, "").strip() for name in ("date", "reason")}

    def work() -> None:
        body = load(NewDayOffSchema(), given)
        add_day_off(call.tx, body["date"], body["reason"], acting(call))

    _done, error = attempt(call.tx, work)
    if error is None:
        flash(_("The day is listed: it breaks no streak."), "success")
        return redirect(PAGE, 303)
    return _again(error, _shown(call, {}, {}, given, messages_of(error, "date")))


@page(pages, "POST", "/check-ins/days/<day>/remove", auth=EDITORS, login=Login.BACKOFFICE, on_error=PAGE)
def remove_day(call: Call, day: str) -> Redirect:
    """Take a day off the list."""
    remove_day_off(call.tx, read_day(day), acting(call))
    flash(_("The day is off the list."), "success")
    return redirect(PAGE, 303)


@page(
    pages, "POST", "/members/<member_id>/make-up-cards", auth=EDITORS, login=Login.BACKOFFICE, idempotent=True,
    on_error="/admin/members/{member_id}",
)  # fmt: skip
def give(call: Call, member_id: str) -> Redirect:
    """Give a member make-up cards, with a reason."""
    given = {"count": optional_figure(request.form.get("count", "")), "reason": request.form.get("reason", "")}
    body = load(NewCardsSchema(), given)
    cards = give_cards(call.tx, member_id, body["count"], body["reason"], acting(call))
    flash(_("Make-up cards given: %(count)s", count=len(cards)), "success")
    return redirect(f"/admin/members/{cards[0].member_id}", 303)


def _shown(
    call: Call, form: dict[str, Any], errors: dict[str, list[str]], day: dict[str, str], wrong: dict[str, list[str]]
) -> str:
    settings, today = settings_of(call.tx), local_date(call.now, mall_zone())
    return render_template(
        "admin/check_ins.html", form=form or {name: getattr(settings, name) for name in NAMES}, errors=errors,
        day_form=day, day_errors=wrong, days=days_off(call.tx, today - SHOWN), today=today,
        names=names_of_staff(call.tx), may_edit=EDITORS.opens_for(call.staff),
    )  # fmt: skip


def _again(error: MallError, body: str) -> Response:
    return make_response(body, STATUS[error.kind])
