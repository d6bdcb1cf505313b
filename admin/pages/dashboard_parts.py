"""Figures of the overview, ready to be shown; groups of fewer than 20 members are not told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _

from admin.figures.groups import SMALLEST_GROUP, change, share, told
from admin.figures.models import DayFigures
from admin.figures.periods import Period
from admin.figures.reach import Reach
from admin.figures.totals import Totals
from mall.i18n import format_monthday, money, points

REPORTS = "/admin/reports"
"""The list behind the figures of points; whoever sees points may open it."""
TOO_MUCH = 1000
"""Percent of growth beyond which a number says nothing."""


def period_figures(
    now: Totals, then: Totals, links: dict[str, str | None]
) -> list[dict[str, Any]]:  # fmt: skip
    """The cards of a period beside those of the one before."""
    active, was_active = (one.a_day(one.active) for one in (now, then))
    return [
        _card(_("Granted"), points(now.minted), change(now.minted, then.minted), "coins", REPORTS,
              _("%(points)s taken back", points=points(now.taken_back)) if now.taken_back else ""),
        _card(_("Redeemed"), points(now.redeemed), change(now.redeemed, then.redeemed), "gift", links["orders"],
              _("%(points)s given back", points=points(now.refunded)) if now.refunded else ""),
        _card(_("Expired"), points(now.expired), change(now.expired, then.expired), "hourglass", REPORTS),
        _card(_("Redemption rate"), percent(now.redemption_rate), None, "chart-donut", None,
              _("points redeemed for 100 granted; before: %(rate)s", rate=percent(then.redemption_rate))),
        _card(_("Active a day"), members(active), change(active, was_active), "users", links["members"],
              _("members, on average")),
        _card(_("Check-in rate"), percent(now.check_in_rate), None, "calendar", None,
              _("of those active on a day; before: %(rate)s", rate=percent(then.check_in_rate))),
        _card(_("Orders placed"), points(now.orders_placed), change(now.orders_placed, then.orders_placed), "package",
              links["orders"], _("%(count)s completed", count=points(now.orders_completed))),
    ]  # fmt: skip


def at_ends(held: int, owed: int, held_before: int, _owed: int, value: dict[str, Any] | None) -> dict[str, Any]:
    """What was outstanding at the end of a period, beside the end of the one before."""
    hint = _("worth %(money)s", money=money(value)) if value else _("owed by members: %(points)s", points=points(owed))
    return _card(_("Outstanding"), points(held), change(held, held_before), "wallet", REPORTS, hint)


def funnel(found: Reach, links: dict[str, str | None]) -> list[dict[str, Any]]:
    """From members to those who redeemed: each step with its share of all."""
    steps = [
        (_("Members"), found.members, links["members"]), (_("Were here"), found.signed_in, None),
        (_("Checked in"), found.checked_in, None), (_("Redeemed"), found.redeemed, links["orders"]),
    ]  # fmt: skip
    return [
        {"text": text, "value": members(told(count)), "percent": share(count, found.members), "url": url}
        for text, count, url in steps
    ]


def charts(period: Period, days: Sequence[DayFigures]) -> list[dict[str, Any]]:
    """Points and people, day by day."""
    rows = {row.day: row for row in days}
    names = [format_monthday(day) for day in period.days()]

    def line(text: str, value: Any) -> dict[str, Any]:
        return {"name": text, "data": [value(rows[day]) if day in rows else None for day in period.days()]}

    people = [
        line(_("Active members"), lambda row: told(row.members_active)),
        line(_("Checked in"), lambda row: told(row.members_checked_in)),
    ]
    found = [
        {"title": _("Points by day"), "draw": {"kind": "line", "names": names, "series": [
            line(_("Granted"), lambda row: row.granted_points - row.taken_back_points),
            line(_("Redeemed"), lambda row: row.redeemed_points - row.refunded_points),
            line(_("Expired"), lambda row: row.expired_points),
        ]}},
        {"title": _("Members by day"), "draw": {"kind": "bar", "names": names, "series": people}},
    ]  # fmt: skip
    return found if any(value is not None for one in people for value in one["data"]) else found[:1]


def members(count: int | None) -> str:
    """How many members; a group too small to tell says so."""
    return _("under %(count)s", count=SMALLEST_GROUP) if count is None else points(count)


def percent(value: float | None) -> str:
    """``6.2 %``; a dash where it cannot be said."""
    return "—" if value is None else f"{value:.1f} %".replace("-", "−")


def _card(
    text: str, value: str, grew: float | None, icon: str, url: str | None, hint: str = ""
) -> dict[str, Any]:  # fmt: skip
    grown = None if grew is None else f"{grew:+.1f} %".replace("-", "−") if grew < TOO_MUCH else f"+{TOO_MUCH - 1} %…"
    return {"text": text, "value": value, "change": grown, "icon": icon, "url": url, "hint": hint}
