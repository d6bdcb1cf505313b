"""The days behind the figures of the overview, and the postings of the ledger behind a day's."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import render_template
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from admin.figures.groups import SMALLEST_GROUP, told
from admin.figures.models import DayFigures
from admin.figures.periods import EARLIEST, Period
from admin.figures.totals import Totals, days_of, outstanding_on, totals_of
from admin.pages.blueprint import desk
from admin.pages.dashboard_parts import percent
from admin.pages.lists import list_query
from admin.pages.periods import asked_period, period_names
from admin.people import nicknames_of
from admin.routes.reports import READERS
from mall.clock import day_end, day_start, local_date
from mall.db import Login
from mall.errors import NotFound
from mall.http.call import Call
from mall.http.fields import Choice
from mall.http.page import page
from mall.http.pagination import PageQuery
from points.earning.book_events import mall_zone
from points.ledger.movements import SORTS, movements

pages = desk("figures", __name__)


class MovementsQuery(PageQuery):
    """``move``: the figure whose postings are wanted."""

    move = Choice(SORTS)


def moves() -> dict[str, str]:
    """The figures of a day that postings add up to, in words."""
    return {
        "granted": _("Granted"), "taken_back": _("Points taken back"), "redeemed": _("Redeemed"),
        "refunded": _("Given back"), "expired": _("Expired"), "written_off": _("Debt forgiven"),
    }  # fmt: skip


@page(pages, "GET", "/figures", auth=READERS, login=Login.BACKOFFICE)
def day_list(call: Call) -> str:
    """The days of a period, the latest first, and their sums: the same as on the overview."""
    period, name, errors = asked_period(local_date(call.now, mall_zone()))
    days = days_of(call.tx, period)
    ends = ends_of(call.tx, days)
    return render_template(
        "admin/figures.html", period=period, period_name=name, periods=period_names(), errors=errors,
        days=[_day(row, ends) for row in reversed(days)], totals=totals_of(days),
        closing=outstanding_on(call.tx, period.last)[0],
        query={"from": period.first.isoformat(), "until": period.last.isoformat()}, moves=moves(),
        today=local_date(call.now, mall_zone()), told=told, percent=percent, few=few(),
    )  # fmt: skip


@page(pages, "GET", "/figures/<day>", auth=READERS, login=Login.BACKOFFICE)
def day_page(call: Call, day: str) -> str:
    """One day: its figures, and the postings that one of them adds up. Raises NotFound for what is no day of ours."""
    wanted, zone = _parsed(day), mall_zone()
    today = local_date(call.now, zone)
    if wanted > today:
        raise NotFound()
    query, errors = list_query(MovementsQuery())
    move = query.get("move") or SORTS[0]
    listed, next_cursor = movements(
        call.tx, day_start(wanted, zone), day_end(wanted, zone), move, query["limit"], query.get("cursor")
    )
    days = days_of(call.tx, Period(wanted, wanted))
    return render_template(
        "admin/figures_day.html", day=wanted, move=move, moves=moves(), movements=listed, next_cursor=next_cursor,
        figures=_day(days[0], ends_of(call.tx, days)) if days else None, errors=errors, few=few(), percent=percent,
        called=nicknames_of(call.tx, [one.member_id for one in listed]),
        before=wanted - timedelta(days=1), after=wanted + timedelta(days=1) if wanted < today else None,
    )  # fmt: skip


def _parsed(text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        raise NotFound() from error
    if found < EARLIEST or found.isoformat() != text:
        raise NotFound()
    return found


def few() -> str:
    """What is said of a group that is too small to be told."""
    return str(_("under %(count)s", count=SMALLEST_GROUP))


def ends_of(tx: Session, days: list[DayFigures]) -> dict[date, int]:
    """Points outstanding at the end of each day, from those before the first and what each day moved."""
    if not days:
        return {}
    held = outstanding_on(tx, days[0].day - timedelta(days=1))[0]
    found = {}
    for row in days:
        held += (
            row.granted_points + row.written_off_points - row.taken_back_points - row.redeemed_points
            + row.refunded_points - row.expired_points + row.owed_points
        )  # fmt: skip
        found[row.day] = held
    return found


def _day(row: DayFigures, ends: dict[date, int]) -> dict[str, Any]:
    totals: Totals = totals_of([row])
    return {
        "day": row.day, "row": row, "outstanding": ends[row.day], "active": told(row.members_active),
        "checked_in": told(row.members_checked_in), "rate": totals.check_in_rate,
    }  # fmt: skip
