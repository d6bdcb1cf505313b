"""A kept report as tables of words and figures, in the reader's language: the page and the workbook show the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask_babel import gettext as _

from admin.figures.groups import SMALLEST_GROUP
from admin.figures.worth import worth
from admin.reports.models import KeptReport
from mall.i18n import format_day, money

Cell = str | int


@dataclass(frozen=True, slots=True)
class Table:
    """A heading, the headings of columns, and rows; ``note`` stands below."""

    title: str
    columns: list[str]
    rows: list[list[Cell]] = field(default_factory=list)
    note: str = ""


def title_of(report: KeptReport) -> str:
    """What the report is called."""
    kinds = {"daily": _("Daily summary"), "weekly": _("Weekly report"), "monthly": _("Monthly summary")}
    return str(kinds[report.kind])


def span_of(report: KeptReport) -> str:
    """The days it is about."""
    if report.first_day == report.last_day:
        return format_day(report.first_day)
    return str(_("%(first)s to %(last)s", first=format_day(report.first_day), last=format_day(report.last_day)))


def reconciles(report: KeptReport) -> bool:
    """Whether its days added up to the ledger to the point when it was made."""
    return int(report.figures["outstanding"]["difference"]) == 0


def tables_of(report: KeptReport) -> list[Table]:
    """Everything the report tells."""
    figures = report.figures
    return [
        _points(figures), _outstanding(figures), _members(figures), _orders(figures), _days(figures),
        _expiring(figures),
    ]  # fmt: skip


def _points(figures: dict[str, Any]) -> Table:
    names = {
        "granted": _("Granted"), "written_off": _("Debt forgiven"), "taken_back": _("Points taken back"),
        "redeemed_gross": _("Redeemed"), "refunded": _("Given back"), "expired": _("Expired"),
    }  # fmt: skip
    return _compared(_("Points"), names, figures["points"], figures["points_before"])


def _outstanding(figures: dict[str, Any]) -> Table:
    found, said = figures["outstanding"], figures["worth"]
    rows: list[list[Cell]] = [
        [_("Held by members at the beginning"), found["opening"]],
        [_("Held by members at the end"), found["closing"]],
        [_("Owed by members at the end"), found["owed"]],
        [_("Held less owed at the end, by the days of this report"), found["closing"] - found["owed"]],
        [_("Held less owed at the end, by the ledger"), found["in_ledger"]],
    ]
    value = worth(found["closing"], said["points_per_unit"], said["currency"])
    if value is not None:
        rows.insert(2, [_("Worth in money"), money(value)])
    if found["difference"] == 0:
        note = _("The days add up to the ledger to the point.")
    else:
        note = _("The days differ from the ledger by %(points)s points.", points=found["difference"])
    return Table(_("Points outstanding"), ["", _("Points")], rows, note)


def _members(figures: dict[str, Any]) -> Table:
    names = {
        "members": _("Members"), "joined": _("Joined"), "signed_in": _("Were here"), "checked_in": _("Checked in"),
        "redeemed": _("Redeemed a gift"), "active_a_day": _("Active a day"),
        "check_in_rate": _("Check-in rate in percent"),
    }  # fmt: skip
    note = _("Groups of fewer than %(count)s members are not told.", count=SMALLEST_GROUP)
    return _compared(_("Members"), names, figures["members"], figures["members_before"], note)


def _orders(figures: dict[str, Any]) -> Table:
    names = {"placed": _("Orders placed"), "completed": _("Orders completed"), "points": _("Points of orders placed")}
    return _compared(_("Orders"), names, figures["orders"], figures["orders_before"])


def _days(figures: dict[str, Any]) -> Table:
    columns = [
        _("Day"), _("Granted less taken back"), _("Redeemed less given back"), _("Expired"), _("Orders placed"),
        _("Active members"), _("Checked in"),
    ]  # fmt: skip
    names = ("granted", "redeemed", "expired", "orders", "active", "checked_in")
    rows = [
        [format_day(date.fromisoformat(one["day"])), *(_cell(one[name]) for name in names)] for one in figures["days"]
    ]
    return Table(_("Day by day"), columns, rows)


def _expiring(figures: dict[str, Any]) -> Table:
    rows: list[list[Cell]] = [[one["month"], one["points"]] for one in figures["expiring"]]
    rows.append([_("Set aside for orders"), figures["held"]])
    rows.append([_("Of all months and orders"), figures["held"] + sum(one["points"] for one in figures["expiring"])])
    note = _("If nobody spends them before; as of the moment the report was made.")
    return Table(_("Points that will expire, by month"), [_("Month"), _("Points")], rows, note)


def _compared(
    title: str, names: dict[str, str], now: dict[str, Any], then: dict[str, Any], note: str = ""
) -> Table:  # fmt: skip
    rows: list[list[Cell]] = [[text, _cell(now[name]), _cell(then[name])] for name, text in names.items()]
    return Table(title, ["", _("This period"), _("The one before")], rows, note)


def _cell(value: Any) -> Cell:
    if value is None:
        return str(_("under %(count)s", count=SMALLEST_GROUP))
    return value if isinstance(value, int) else str(value)
