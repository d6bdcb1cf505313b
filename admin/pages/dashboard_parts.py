"""Figures of the overview, ready to be shown; groups of fewer than 20 members are not told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from admin.figures.groups import SMALLEST_GROUP, change, share, told
from admin.figures.models import DayFigures
from admin.figures.periods import Period
from admin.figures.reach import Reach
from admin.figures.totals import Totals
from mall.i18n import format_monthday, money, points

TOO_MUCH = 1000
"""Percent of growth beyond which a number says nothing."""


@dataclass(frozen=True, slots=True)
class Links:
    """Where figures lead: the lists behind them, of the same days. None where the reader may not open the list."""

    days: str
    orders: str | None
    members: str | None


def period_figures(now: Totals, then: Totals, links: Links) -> list[dict[str, Any]]:
    """The cards of a period beside those of the one before."""
    active, was_active = (one.a_day(one.active) for one in (now, then))
    return [
        _card(_("Granted"), points(now.minted), change(now.minted, then.minted), "coins", links.days,
              _("%(points)s taken back", points=points(now.taken_back)) if now.taken_back else ""),
        _card(_("Redeemed"), points(now.redeemed), change(now.redeemed, then.redeemed), "gift", links.days,
              _("%(points)s given back", points=points(now.refunded)) if now.refunded else ""),
        _card(_("Expired"), points(now.expired), change(now.expired, then.expired), "hourglass", links.days),
        _card(_("Redemption rate"), percent(now.redemption_rate), None, "chart-donut", links.days,
              _("points redeemed for 100 granted; before: %(rate)s", rate=percent(then.redemption_rate))),
        _card(_("Active a day"), members(active), change(active, was_active), "users", links.days,
              _("members on average, %(rate)s of all", rate=percent(now.active_rate))),
        _card(_("Check-in rate"), percent(now.check_in_rate), None, "calendar", links.days,
              _("of those active on a day; before: %(rate)s", rate=percent(then.check_in_rate))),
        _card(_("Orders placed"), points(now.orders_placed), change(now.orders_placed, then.orders_placed), "package",
              links.orders, _("%(count)s completed", count=points(now.orders_completed))),
    ]  # fmt: skip


def at_ends(held: int, owed: int, held_before: int, value: dict[str, Any] | None, links: Links) -> dict[str, Any]:
    """What was outstanding at the end of a period, beside the end of the one before."""
    hint = _("worth %(money)s", money=money(value)) if value else _("owed by members: %(points)s", points=points(owed))
    return _card(_("Outstanding"), points(held), change(held, held_before), "wallet", links.days, hint)


def funnel(found: Reach | None, before: Reach | None, links: Links) -> list[dict[str, Any]]:
    """From members to those who redeemed: each step with its share of all, beside that of the period before.

    Empty while a long period is still to be counted.
    """
    if found is None:
        return []
    steps = [
        (_("Members"), "members", links.members), (_("Were here"), "signed_in", links.days),
        (_("Checked in"), "checked_in", links.days), (_("Redeemed"), "redeemed", links.orders),
    ]  # fmt: skip
    return [
        {
            "text": text, "value": members(told(count)), "percent": share(count, found.members), "url": url,
            "change": _grown(change(told(count), told(getattr(before, name)))) if before else None,
        }
        for text, name, url in steps
        for count in (getattr(found, name),)
    ]  # fmt: skip


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
    urls = [f"/admin/figures/{day}" for day in period.days()]
    found = [
        {"title": _("Points by day"), "draw": {"kind": "line", "names": names, "urls": urls, "series": [
            line(_("Granted"), lambda row: row.granted_points - row.taken_back_points),
            line(_("Redeemed"), lambda row: row.redeemed_points - row.refunded_points),
            line(_("Expired"), lambda row: row.expired_points),
        ]}},
        {"title": _("Members by day"), "draw": {"kind": "bar", "names": names, "urls": urls, "series": people}},
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
    return {"text": text, "value": value, "change": _grown(grew), "icon": icon, "url": url, "hint": hint}


def _grown(percent_more: float | None) -> str | None:
    if percent_more is None:
        return None
    return f"{percent_more:+.1f} %".replace("-", "−") if percent_more < TOO_MUCH else f"+{TOO_MUCH - 1} %…"
