"""Parcels as the API, the page and the worker tell of them: the file to send by, and what became of a list."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_babel import gettext as _

from admin.acting import traced
from catalog.fulfilment.ship import LineResult, Shipment, reason
from catalog.fulfilment.to_ship import orders_to_ship
from mall.http.call import Call
from mall.i18n import language
from mall.sheets import CSV_TYPE, XLSX_TYPE, write_csv, write_xlsx

FILES = {"csv": CSV_TYPE, "xlsx": XLSX_TYPE}


def to_ship_file(call: Call, kind: str) -> Response:
    """The file of ``kind``, csv or xlsx; that it was taken is noted in the audit."""
    rows = orders_to_ship(call.tx, language(), *traced(call))
    content = write_csv(rows) if kind == "csv" else write_xlsx(rows, _("To ship"))
    response = Response(content, content_type=FILES[kind] + ("; charset=utf-8" if kind == "csv" else ""))
    response.headers["Content-Disposition"] = f'attachment; filename="to-ship-{call.now:%Y%m%d}.{kind}"'
    return response


def _line(one: LineResult) -> dict[str, Any]:
    line = one.line
    body = {
        "line": line.number, "order": line.order, "carrier": line.carrier, "tracking": line.tracking,
        "result": one.result, "reason": reason(one),
    }  # fmt: skip
    return body if one.status is None else {**body, "status": one.status}


def shipment_wire(shipment: Shipment) -> dict[str, Any]:
    """A shipment with its result file."""
    lines = [_line(one) for one in shipment.lines]
    return {"shipped": shipment.shipped, "refused": shipment.refused, "lines": lines, "file": result_file(lines)}


def result_file(lines: list[dict[str, Any]]) -> str:
    """The lines as a CSV file that can be mended and sent again."""
    headings = [_("Order number"), _("Carrier"), _("Tracking number"), _("Line"), _("Result"), _("Reason")]
    names = ("order", "carrier", "tracking", "line", "result", "reason")
    return write_csv([headings, *([line[name] for name in names] for line in lines)]).decode()
