"""The overview: what the points did in a period, what is to be done; each figure leads to the list behind it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import current_app, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from admin.figures.origins import OTHERS, origins
from admin.figures.periods import Period
from admin.figures.reach import ask_reach, is_asked, reach
from admin.figures.totals import counted_until, days_of, outstanding_on, settings, totals_of
from admin.figures.worth import worth
from admin.pages.blueprint import desk
from admin.pages.dashboard_parts import Links, at_ends, charts, funnel, period_figures
from admin.pages.navigation import allowed, sidebar
from admin.pages.orders import TO_DO
from admin.pages.periods import asked_period, period_names
from admin.routes.reports import READERS
from catalog.redemption.staff_views import count_by_status
from catalog.stock.alerts import low_items
from catalog.wording import in_language
from mall.clock import local_date
from mall.db import Login, run_autocommit
from mall.errors import Invalid
from mall.http.call import Call
from mall.http.page import page
from mall.http.principals import staff
from mall.i18n import language
from mall.identity.staff_recovery import FEW, staff_codes_left
from mall.identity.staff_security import otp_required
from points.earning.book_events import mall_zone
from points.earning.budget_keeping import budgets
from points.earning.limits import PROGRAMME
from points.earning.versions import rules

pages = desk("home-page", __name__)
SEES_POINTS = frozenset({"owner", "rules", "catalog", "auditor"})
"""Not fulfilment: it sees item and label, never points (design, section 7)."""


@page(pages, "GET", "", auth=staff(), login=Login.BACKOFFICE)
def home(call: Call) -> str:
    """Figures for whoever may see them, the queues for whoever works on them, and the way to every page."""
    who = call.staff
    values: dict[str, Any] = {"links": [link for part in sidebar(who) for link in part.links]}
    if who.role in SEES_POINTS:
        values |= _figures(call)
    if allowed(who, "desk-security.security_page"):
        values["otp_not_required"] = not otp_required(call.tx)
    if allowed(who, "desk-member-sources.member_sources") and "period" in values:
        values["origins"] = _origins(call, values["period"])
    values["few_codes"] = _own_codes_running_out(call)
    if allowed(who, "desk-orders.order_list"):
        counts = count_by_status(call.tx)
        values["queues"] = [(status, counts[status]) for status in TO_DO if counts.get(status)]
    if allowed(who, "desk-gifts.gift_list"):
        values["low"] = [
            {"gift_id": one.gift_id, "stock": one.on_hand, "variant": in_language(one.variant_name, language()),
             "name": in_language(one.gift_name, language())}
            for one in low_items(call.tx)[:10]
        ]  # fmt: skip
    if allowed(who, "desk-budgets.budget_list"):
        values["budgets"] = _budgets(call)
    return render_template("admin/home.html", **values)


@page(pages, "POST", "/count-period", auth=READERS, login=Login.BACKOFFICE, on_error="/admin")
def count_period(call: Call) -> Redirect:
    """Have the worker count how many members did what in a long period, and in the one before it."""
    zone = mall_zone()
    period, _name, errors = asked_period(local_date(call.now, zone), request.form)
    if errors:
        raise Invalid(errors)
    for one in (period, period.before()):
        ask_reach(call.tx, one, call.now, zone)
    return redirect(f"/admin?{urlencode(_shown(period))}#s-funnel", 303)


def _own_codes_running_out(call: Call) -> int | None:
    """How many recovery codes the reader has left when that is worth a warning."""
    left = staff_codes_left(call.tx, call.staff.staff_id) if call.staff.enrolled else FEW + 1
    return left if left <= FEW else None


def _figures(call: Call) -> dict[str, Any]:
    """Everything about the period that the address asks for, from what was rolled up."""
    tx, zone = call.tx, mall_zone()
    today = local_date(call.now, zone)
    period, name, errors = asked_period(today)
    days, counted = days_of(tx, period), counted_until(tx)
    totals, before = totals_of(days), totals_of(days_of(tx, period.before()))
    ends = [outstanding_on(tx, day) for day in (period.last, period.before().last)]
    currency: str = current_app.extensions["settings"].cash_currency
    query = _shown(period)
    links = Links(
        f"/admin/figures?{urlencode(query)}",
        f"/admin/orders?{urlencode(query)}" if allowed(call.staff, "desk-orders.order_list") else None,
        "/admin/members" if allowed(call.staff, "desk-members.member_list") else None,
    )
    return {
        "period": period, "period_name": name, "periods": period_names(), "errors": errors, "today": today,
        "counted": counted[1] if counted else None, "current": counted is not None and counted[0] >= period.last,
        "figures": period_figures(totals, before, links),
        "ends": at_ends(
            *ends[0], ends[1][0], worth(ends[0][0], settings(tx).points_per_unit, currency), links
        ),
        "funnel": funnel(
            reach(tx, period, call.now, zone, totals.active if days else None),
            reach(tx, period.before(), call.now, zone, before.active if days else None), links
        ),
        "charts": charts(period, days), "query": query,
        "being_counted": is_asked(tx, period),
    }  # fmt: skip


def _shown(period: Period) -> dict[str, str]:
    return {"from": period.first.isoformat(), "until": period.last.isoformat()}


def _origins(call: Call, period: Period) -> dict[str, Any] | None:
    """Where the points came from, for those who may read sources; None where nothing can be told."""
    found = run_autocommit(Login.EARNING, lambda tx: origins(tx, period))
    if not found:
        return None
    titles = {view.key: in_language(view.title, language()) for view in rules(call.tx, call.now)}
    titles[OTHERS] = _("Others")
    parts = [
        {"name": titles.get(one.rule_key, one.rule_key), "points": one.points, "key": one.rule_key} for one in found
    ]
    draw = {"kind": "ring", "series": [{"name": part["name"], "value": part["points"]} for part in parts]}
    return {"parts": parts, "draw": draw}


def _budgets(call: Call) -> list[dict[str, Any]]:
    """Budgets are counted where only the login of earnings reads."""
    found = run_autocommit(Login.EARNING, lambda tx: budgets(tx, call.now))
    if not found:
        return []
    titles = {view.key: in_language(view.title, language()) for view in rules(call.tx, call.now)}
    titles[PROGRAMME] = _("All rules together")
    found.sort(key=lambda view: (view.runs_out_on is None, view.runs_out_on or call.now.date(), -view.percent))
    return [{"view": view, "title": titles.get(view.budget.scope, view.budget.scope)} for view in found[:5]]
