"""Prizes of the month in the back office."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from admin.acting import acting
from admin.pages.blueprint import desk
from admin.pages.forms import attempt, shown_again, whole_typed
from admin.routes.prizes import EDITORS, READERS, PrizesChangeSchema, month_of
from mall.clock import local_date
from mall.db import Login
from mall.errors import NotFound
from mall.http.call import Call, load
from mall.http.page import page
from points.earning.book_events import mall_zone
from points.prizes.months import MOST_GRACE_DAYS, Offer, prize_month, prize_months, set_prizes
from points.prizes.shares import closes_on

pages = desk("prizes", __name__)
URL = "/admin/prizes"
TEMPLATE = "admin/prizes.html"


@page(pages, "GET", "/prizes", auth=READERS, login=Login.BACKOFFICE)
def prize_list(call: Call) -> str:
    """All months with prizes, and the form for one of them (``?month=``), this month's to begin with."""
    today = local_date(call.now, mall_zone())
    month = request.args.get("month", f"{today:%Y-%m}")
    form: dict[str, Any] = {"month": month, "version": 0, "grace_days": 3}
    try:
        row = prize_month(call.tx, month_of(month))
    except NotFound:
        pass
    else:
        listed = ", ".join(str(points) for points in row.prizes)
        form |= {
            "version": row.version,
            "prizes": listed,
            "budget_points": row.budget_points,
            "grace_days": row.grace_days,
        }
    return render_template(TEMPLATE, form=form, errors={}, **_around(call))


@page(pages, "POST", "/prizes", auth=EDITORS, login=Login.BACKOFFICE, on_error=URL)
def save_prizes(call: Call) -> Response | Redirect:
    """Set the prizes of a month."""
    form = request.form

    def work() -> None:
        given = {name: whole_typed(form.get(name, "").strip()) for name in ("version", "budget_points", "grace_days")}
        places = [
            whole_typed(part.strip()) for part in form.get("prizes", "").replace("，", ",").split(",") if part.strip()
        ]
        body = load(PrizesChangeSchema(), {**given, "prizes": places})
        set_prizes(call.tx, month_of(form.get("month", "")), Offer(**body), acting(call))

    _nothing, error = attempt(call.tx, work)
    if error is None:
        flash(_("Saved: the prizes are shown on the board of their month."), "success")
        return redirect(f"{URL}?month={form['month']}", 303)
    return shown_again(TEMPLATE, error, **_around(call))


def _around(call: Call) -> dict[str, Any]:
    months = [{"row": row, "closes_on": closes_on(row.month, row.grace_days)} for row in prize_months(call.tx)]
    return {
        "months": months, "may_edit": EDITORS.opens_for(call.staff), "most_grace": MOST_GRACE_DAYS,
    }  # fmt: skip
