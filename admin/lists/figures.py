"""The days behind the figures of the overview."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from admin.figures.groups import told
from admin.figures.totals import days_of
from admin.lists.declare import Errors, Lines, OfficeList, whole
from admin.pages.figures import ends_of, few, moves
from admin.pages.periods import asked_period
from admin.routes.reports import READERS
from mall.clock import local_date
from mall.http.call import Call
from points.earning.book_events import mall_zone


def _days(call: Call, errors: Errors) -> Lines:
    period, _name, wrong = asked_period(local_date(call.now, mall_zone()))
    errors.update(wrong)
    ends, small = ends_of(call.tx, days_of(call.tx, period)), few()
    columns: dict[str, Callable[[Any], object]] = {
        _("Day"): lambda row: row.day,
        **{text: attrgetter(f"{move}_points") for move, text in moves().items()},
        _("Outstanding"): lambda row: ends.get(row.day), _("Members"): lambda row: row.members,
        _("Active members"): lambda row: told(row.members_active) or small,
        _("Checked in"): lambda row: told(row.members_checked_in) or small,
        _("Orders placed"): lambda row: row.orders_placed, _("Orders completed"): lambda row: row.orders_completed,
    }  # fmt: skip
    return Lines(columns, whole(lambda tx: days_of(tx, period)), {"from": period.first, "until": period.last})


LISTS = (OfficeList("desk-figures.day_list", "/figures", _l("Day by day"), READERS, _days),)
