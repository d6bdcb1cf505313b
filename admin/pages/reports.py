"""Reports in the back office: the list, a report to read and print, its workbook, and what a point is worth."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from admin.acting import acting
from admin.figures.totals import change_settings, settings
from admin.pages.blueprint import desk
from admin.pages.forms import attempt, optional_figure, shown_again
from admin.pages.lists import list_query
from admin.reports.models import KeptReport
from admin.reports.queries import kept_report, report_page
from admin.reports.tables import reconciles, span_of, tables_of, title_of
from admin.routes.reports import READERS, ReportListQuery, ReportSettingsInSchema, report_file
from mall.db import Login
from mall.http.call import Call, load
from mall.http.page import page
from mall.http.principals import OWNER_ROLE, staff

pages = desk("reports", __name__)
LIST = "/admin/reports"


@page(pages, "GET", "/reports", auth=READERS, login=Login.BACKOFFICE)
def report_list(call: Call) -> str:
    """Kept reports, the latest first."""
    query, errors = list_query(ReportListQuery())
    found = report_page(call.tx, query.get("kind"), query["limit"], query.get("cursor"))
    listed = [_listed(row) for row in found["items"]]
    kinds = [
        ("", _("All")), ("daily", _("Daily summary")), ("weekly", _("Weekly report")),
        ("monthly", _("Monthly summary")),
    ]  # fmt: skip
    return render_template(
        "admin/reports.html", reports=listed, next_cursor=found["next_cursor"], query=query, errors=errors,
        kinds=kinds, is_owner=call.staff.role == OWNER_ROLE,
    )  # fmt: skip


@page(pages, "GET", "/reports/<report_id>", auth=READERS, login=Login.BACKOFFICE)
def report_page_of(call: Call, report_id: str) -> str:
    """One report, ready to print."""
    row = kept_report(call.tx, report_id)
    return render_template("admin/report.html", report=_listed(row), tables=tables_of(row))


@page(pages, "GET", "/reports/<report_id>/file", auth=READERS, login=Login.BACKOFFICE)
def report_workbook(call: Call, report_id: str) -> Response:
    """The workbook of a report."""
    return report_file(call, report_id)


@page(pages, "GET", "/report-settings", auth=staff(OWNER_ROLE), login=Login.BACKOFFICE)
def worth_page(call: Call) -> str:
    """How many points are worth one unit of currency."""
    return _worth_form({"points_per_unit": settings(call.tx).points_per_unit})


@page(pages, "POST", "/report-settings", auth=staff(OWNER_ROLE), login=Login.BACKOFFICE)
def save_worth(call: Call) -> Response | Redirect:
    """Set it; empty: money is not shown."""

    def work() -> Any:
        given = {"points_per_unit": optional_figure(request.form.get("points_per_unit", ""))}
        body = load(ReportSettingsInSchema(), given)
        return change_settings(call.tx, body["points_per_unit"], acting(call))

    _done, error = attempt(call.tx, work)
    if error is not None:
        return shown_again("admin/report_settings.html", error, currency=_currency())
    flash(_("Saved."), "success")
    return redirect(LIST, 303)


def _worth_form(form: dict[str, Any]) -> str:
    return render_template("admin/report_settings.html", form=form, errors={}, currency=_currency())


def _currency() -> str:
    currency: str = current_app.extensions["settings"].cash_currency
    return currency


def _listed(row: KeptReport) -> dict[str, Any]:
    return {"row": row, "title": title_of(row), "span": span_of(row), "reconciled": reconciles(row)}
