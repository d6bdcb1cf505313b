"""The page of check-ins: the month, make-up cards, and the reminder. Works without JavaScript."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response as Redirect

from mall.db import Login
from mall.errors import Conflict
from mall.http.call import Call
from mall.http.page import page, safe_path
from mall.http.principals import MEMBER
from mall.ids import new_id
from points.checkin.calendar import Calendar, calendar
from points.checkin.cards import buy_card
from points.checkin.check_in import CheckedIn, check_in
from points.checkin.months import last_of, read_month
from points.checkin.reminders import forget_reminder, remind_at
from points.checkin.repair import repair
from points.viewer import require_active, viewer

pages = Blueprint("check_ins", __name__)
PAGE = "/check-in"
HOURS = tuple(range(6, 24))
"""Hours to choose a reminder from: nobody wants one at night."""


@page(pages, "POST", PAGE, auth=MEMBER, login=Login.EARNING, idempotent=True, on_error="/")
def check_in_form(call: Call) -> Redirect:
    require_active(call.member)
    flash(_words(check_in(call.tx, call.member.member_id, call.now)), "success")
    return redirect(safe_path(request.form.get("next")), 303)


def _words(done: CheckedIn) -> str:
    words = str(_("Checked in: +%(points)s points, day %(streak)s.", points=done.points, streak=done.streak))
    return " ".join([words, str(_("You have earned a make-up card!"))]) if done.cards else words


@page(pages, "GET", PAGE, auth=MEMBER, login=Login.EARNING)
def check_in_page(call: Call) -> str:
    """The month asked for; ``day``: a missed day that is about to be made up for."""
    shown = calendar(call.tx, call.member.member_id, read_month(request.args.get("month", "")), call.now)
    return render_template(
        "storefront/check_in.html",
        me=viewer(call.tx, call.principal, call.now),
        calendar=shown,
        hours=HOURS,
        asked=_asked(shown),
        restricted=call.member.restricted,
        **_neighbours(shown),
    )


def _neighbours(shown: Calendar) -> dict[str, Any]:
    """Months before and after that have something to show."""
    before = shown.first - timedelta(days=1)
    after = last_of(shown.first) + timedelta(days=1)
    return {
        "earlier": f"{before:%Y-%m}" if shown.joined < shown.first else None,
        "later": f"{after:%Y-%m}" if after <= shown.today else None,
    }


def _asked(shown: Calendar) -> date | None:
    day = _date(request.args.get("day", ""))
    return day if day in shown.missed else None


@page(pages, "POST", f"{PAGE}/repair", auth=MEMBER, login=Login.EARNING, idempotent=True, on_error=PAGE)
def repair_form(call: Call) -> Redirect:
    require_active(call.member)
    day = _date(request.form.get("day", ""))
    if day is None:
        raise Conflict("day_not_repairable")
    done = repair(call.tx, call.member.member_id, day, call.now)
    words = [ngettext("Made up: %(num)s day in a row.", "Made up: %(num)s days in a row.", done.streak)]
    if done.points:
        words.append(_("The longer streak paid %(points)s points.", points=done.points))
    if done.cards:
        words.append(_("You have earned a make-up card!"))
    flash(" ".join(map(str, words)), "success")
    return redirect(f"{PAGE}?month={day:%Y-%m}", 303)


@page(pages, "POST", f"{PAGE}/cards", auth=MEMBER, login=Login.EARNING, idempotent=True, on_error=PAGE)
def card_form(call: Call) -> Redirect:
    if call.member.restricted:
        return redirect(f"/me/confirm?next={PAGE}", 303)
    require_active(call.member)
    card = buy_card(call.tx, call.member.member_id, new_id("muc"), call.now)
    flash(_("You have a make-up card more, for %(points)s points.", points=card.price_points), "success")
    return redirect(PAGE, 303)


@page(pages, "POST", f"{PAGE}/reminder", auth=MEMBER, login=Login.EARNING, on_error=PAGE)
def reminder_form(call: Call) -> Redirect:
    hour = request.form.get("hour", "")
    if hour in {str(one) for one in HOURS}:
        remind_at(call.tx, call.member.member_id, int(hour), call.now)
        flash(_("We remind you at %(hour)s:00 if you have not checked in by then.", hour=hour), "success")
    else:
        forget_reminder(call.tx, call.member.member_id)
        flash(_("You will not be reminded."), "success")
    return redirect(PAGE, 303)


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None
