"""Kept reports, and what a point is worth in them."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app
from marshmallow import fields

from admin.acting import acting
from admin.figures.totals import change_settings, settings
from admin.reports.due import KINDS
from admin.reports.models import KeptReport
from admin.reports.queries import kept_report, report_page
from admin.reports.tables import reconciles
from admin.reports.workbook import workbook
from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.endpoint import endpoint
from mall.http.fields import Choice, Instant, Points, StrictSchema
from mall.http.pagination import PageQuery, list_schema
from mall.http.principals import OWNER_ROLE, staff
from mall.sheets import XLSX_TYPE

blp = api_blueprint("admin-reports", __name__, description="Reports that were made by schedule and never change")
READERS = staff("rules", "catalog", "auditor")
ONE = "/admin/reports/<report_id>"


class ReportListQuery(PageQuery):
    """``kind``: only reports of one rhythm."""

    kind = Choice(KINDS)


class ReportListedSchema(StrictSchema):
    """A report. ``reconciled``: its days added up to the ledger to the point when it was made."""

    id = fields.String(required=True)
    kind = fields.String(required=True)
    first_day = fields.Date(required=True)
    last_day = fields.Date(required=True)
    made_at = Instant(required=True)
    reconciled = fields.Boolean(required=True)


class ReportSchema(ReportListedSchema):
    """A report with its figures. Counts of fewer than 20 members are null."""

    figures = fields.Dict(required=True)


class ReportSettingsInSchema(StrictSchema):
    """``points_per_unit``: points that are worth one unit of the mall's currency; null: money is not shown."""

    points_per_unit = Points(1, 10**9, required=True, allow_none=True)


class ReportSettingsSchema(ReportSettingsInSchema):
    """The same, and the currency."""

    currency = fields.String(required=True)


def _wire(row: KeptReport) -> dict[str, Any]:
    return {
        "id": row.id, "kind": row.kind, "first_day": row.first_day, "last_day": row.last_day, "made_at": row.made_at,
        "reconciled": reconciles(row), "figures": row.figures,
    }  # fmt: skip


@endpoint(
    blp, "GET", "/admin/reports", auth=READERS, login=Login.BACKOFFICE, query=ReportListQuery,
    response=list_schema(ReportListedSchema),
)  # fmt: skip
def list_reports(call: Call) -> dict[str, Any]:
    found = report_page(call.tx, call.query.get("kind"), call.query["limit"], call.query.get("cursor"))
    return {**found, "items": [_wire(row) for row in found["items"]]}


@endpoint(blp, "GET", ONE, auth=READERS, login=Login.BACKOFFICE, response=ReportSchema)
def get_report(call: Call, report_id: str) -> dict[str, Any]:
    return _wire(kept_report(call.tx, report_id))


@endpoint(blp, "GET", f"{ONE}.xlsx", auth=READERS, login=Login.BACKOFFICE)
def get_report_workbook(call: Call, report_id: str) -> Response:
    return report_file(call, report_id)


def report_file(call: Call, report_id: str) -> Response:
    """The workbook of a report, in the reader's language."""
    report = kept_report(call.tx, report_id)
    response = Response(workbook(report), content_type=XLSX_TYPE)
    response.headers["Content-Disposition"] = f'attachment; filename="{report.id}.xlsx"'
    return response


@endpoint(blp, "GET", "/admin/report-settings", auth=READERS, login=Login.BACKOFFICE, response=ReportSettingsSchema)
def get_report_settings(call: Call) -> dict[str, Any]:
    return _settings(settings(call.tx).points_per_unit)


@endpoint(
    blp, "PUT", "/admin/report-settings", auth=staff(OWNER_ROLE), login=Login.BACKOFFICE, body=ReportSettingsInSchema,
    response=ReportSettingsSchema,
)  # fmt: skip
def put_report_settings(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    return _settings(change_settings(call.tx, body["points_per_unit"], acting(call)).points_per_unit)


def _settings(points_per_unit: int | None) -> dict[str, Any]:
    return {"points_per_unit": points_per_unit, "currency": current_app.extensions["settings"].cash_currency}
