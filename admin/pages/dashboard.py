"""The overview: what the points did lately, what is to be done; each figure leads to the list behind it."""

from __future__ import annotations

from typing import Any

from flask import render_template
from flask_babel import gettext as _

from admin.pages.blueprint import desk
from admin.pages.navigation import allowed, sidebar
from admin.pages.orders import TO_DO
from catalog.redemption.staff_views import count_by_status
from catalog.routes.wire import language
from catalog.stock.alerts import low_items
from catalog.wording import in_language
from mall.db import Login
from mall.http.call import Call
from mall.http.page import page
from mall.http.principals import staff
from mall.i18n import format_monthday
from points.earning.book_events import mall_zone
from points.ledger.daily import DayFigures, daily_figures, outstanding

pages = desk("home-page", __name__)
DAYS, WEEK = 28, 7
SEES_POINTS = frozenset({"owner", "rules", "catalog", "auditor"})
"""Not fulfilment: it sees item and label, never points (design, section 7)."""


@page(pages, "GET", "", auth=staff(), login=Login.BACKOFFICE)
def home(call: Call) -> str:
    """Figures for whoever may see them, the queues for whoever works on them, and the way to every page."""
    who = call.staff
    values: dict[str, Any] = {"links": [link for _title, links in sidebar(who) for link in links]}
    if who.role in SEES_POINTS:
        days = daily_figures(call.tx, DAYS, call.now, mall_zone())
        held, owed = outstanding(call.tx)
        values |= {"figures": _figures(days), "held": held, "owed": owed, "chart": _chart(days)}
    if allowed(who, "desk-orders.order_list"):
        counts = count_by_status(call.tx)
        values["queues"] = [(status, counts[status]) for status in TO_DO if counts.get(status)]
    if allowed(who, "desk-gifts.gift_list"):
        values["low"] = [
            {"gift_id": one.gift_id, "stock": one.on_hand, "variant": in_language(one.variant_name, language()),
             "name": in_language(one.gift_name, language())}
            for one in low_items(call.tx)[:10]
        ]  # fmt: skip
    return render_template("admin/home.html", **values)


def _figures(days: list[DayFigures]) -> list[dict[str, Any]]:
    """The last seven days beside the seven before them."""
    latest, before = days[-WEEK:], days[-2 * WEEK : -WEEK]
    names = {"minted": _("Granted"), "redeemed": _("Redeemed"), "expired": _("Expired")}
    icons = {"minted": "coins", "redeemed": "gift", "expired": "hourglass"}
    found = []
    for name, text in names.items():
        now, then = (sum(getattr(day, name) for day in part) for part in (latest, before))
        found.append({"text": text, "points": now, "icon": icons[name], "change": _percent(now, then)})
    return found


def _percent(now: int, then: int) -> str | None:
    """``+6.2 %`` against the week before, None where that was nothing."""
    return f"{(now - then) * 100 / then:+.1f} %".replace("-", "−") if then > 0 else None


def _chart(days: list[DayFigures]) -> dict[str, Any]:
    return {
        "kind": "line",
        "names": [format_monthday(day.day) for day in days],
        "series": [
            {"name": str(_("Granted")), "data": [day.minted for day in days]},
            {"name": str(_("Redeemed")), "data": [day.redeemed for day in days]},
        ],
    }
