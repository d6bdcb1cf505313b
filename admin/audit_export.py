"""The audit trail as a file: read in portions and sent as it is read, so that a million lines need no more memory than
a thousand."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from typing import Any

from flask import Flask, Response, current_app
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from admin.pages.people import names_of_staff
from mall import audit
from mall.audit import AuditEntry, AuditFilter, audit_page, detail_text
from mall.db import Login, run_autocommit
from mall.errors import Invalid
from mall.http.call import Call
from mall.sheets import CSV_TYPE, XLSX_TYPE, csv_stream, save_xlsx

FORMATS = ("csv", "xlsx")
AT_ONCE = 1_000
MOST_IN_WORKBOOK = 50_000
"""A workbook is made whole before it is sent; beyond this it is slow, and CSV is not."""
_CHUNK = 64 * 1024


def audit_file(call: Call, wanted: AuditFilter, kind: str) -> Response:
    """The entries that ``wanted`` asks for, newest first; the download itself leaves an entry.

    Raises Invalid naming ``format`` for a workbook of more than 50,000 entries.
    """
    asked = {name: str(getattr(wanted, name)) for name in wanted.__slots__ if getattr(wanted, name) is not None}
    name = names_of_staff(call.tx)
    headings = [_("Id"), _("When"), _("Who"), _("Name"), _("What"), _("To what"), _("From where"), _("Details"),
                _("Request id")]  # fmt: skip
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    rows = _rows(app, wanted, headings, name)
    if kind == "xlsx":
        response = _workbook(rows)
    else:
        response = Response(csv_stream(rows), content_type=CSV_TYPE)
    audit.record(call.tx, call.staff.name, "audit.exported", "audit:trail", {"format": kind, **asked}, call.now,
                 call.request_id)  # fmt: skip
    response.headers["Content-Disposition"] = f'attachment; filename="audit.{kind}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _rows(
    app: Flask, wanted: AuditFilter, headings: list[str], name: Callable[[str | None], str]
) -> Iterator[list[object]]:
    yield list(headings)
    cursor: str | None = None
    while True:
        with app.app_context():  # the request is over when the last lines are read
            found = run_autocommit(Login.BACKOFFICE, _portion(wanted, cursor))
        for entry in found["items"]:
            yield _row(entry, name)
        cursor = found["next_cursor"]
        if cursor is None:
            return


def _portion(wanted: AuditFilter, cursor: str | None) -> Callable[[Session], dict[str, Any]]:
    return lambda tx: audit_page(tx, wanted, AT_ONCE, cursor)


def _row(entry: AuditEntry, name: Callable[[str | None], str]) -> list[object]:
    return [
        entry.id, entry.at.isoformat(), entry.actor, name(entry.actor), entry.action, entry.subject, entry.origin or "",
        detail_text(entry.detail), entry.request_id or "",
    ]  # fmt: skip


def _workbook(rows: Iterator[list[object]]) -> Response:
    made = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the last of it is sent
    try:
        save_xlsx(_at_most(rows), _("Audit trail"), made)
    except BaseException:
        made.close()
        raise
    made.seek(0)
    response = Response(iter(lambda: made.read(_CHUNK), b""), content_type=XLSX_TYPE)
    response.call_on_close(made.close)
    return response


def _at_most(rows: Iterator[list[object]]) -> Iterator[list[object]]:
    for number, row in enumerate(rows):
        if number > MOST_IN_WORKBOOK:
            raise Invalid({"format": [_("More than 50,000 entries: take CSV, or filter.")]})
        yield row
