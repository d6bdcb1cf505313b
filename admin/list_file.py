"""A list as a file: read in portions and sent as it is read, so that a million lines need no more memory than a
thousand. No cell is a formula, and each download leaves an entry in the audit trail."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from flask import Flask, Response, current_app
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from mall import audit
from mall.db import Login, run_autocommit
from mall.errors import Invalid
from mall.http.call import Call
from mall.sheets import CSV_TYPE, XLSX_TYPE, csv_stream, save_xlsx

FORMATS = ("csv", "xlsx")
AT_ONCE = 1_000
"""Lines of a portion."""
MOST_IN_WORKBOOK = 50_000
"""A workbook is made whole before it is sent; beyond this it is slow, and CSV is not."""
_CHUNK = 64 * 1024

Row = list[object]
Portion = Callable[[Session, str | None], tuple[list[Row], str | None]]


@dataclass(frozen=True, slots=True)
class ListFile:
    """What a file of a list holds. ``name``: of the file, without its end; ``title``: of the workbook's sheet.

    ``portion`` reads about a thousand lines after a cursor (None: the first) and says the next; it runs when the
    request is over, so every word it needs is put into the reader's language before.
    """

    name: str
    title: str
    headings: list[str]
    portion: Portion


def list_file(
    call: Call, wanted: ListFile, kind: str, action: str, subject: str, asked: Mapping[str, object]
) -> Response:
    """The list in the format ``kind``; ``asked`` are its filters, noted under ``action`` of the audit trail.

    Raises Invalid naming ``format`` for one we do not write, and for a workbook of more than 50,000 lines.
    """
    if kind not in FORMATS:
        raise Invalid({"format": [_("Must be one of: %(choices)s.", choices=", ".join(FORMATS))]})
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    rows = _rows(app, wanted)
    response = _workbook(rows, wanted.title) if kind == "xlsx" else Response(csv_stream(rows), content_type=CSV_TYPE)
    detail = {"format": kind, **{name: str(value) for name, value in asked.items() if value not in (None, "")}}
    audit.record(call.tx, call.staff.name, action, subject, detail, call.now, call.request_id)
    response.headers["Content-Disposition"] = f'attachment; filename="{wanted.name}.{kind}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _rows(app: Flask, wanted: ListFile) -> Iterator[Row]:
    yield list(wanted.headings)
    cursor: str | None = None
    while True:
        with app.app_context():  # the request is over when the last lines are read
            rows, cursor = run_autocommit(Login.BACKOFFICE, _reading(wanted.portion, cursor))
        yield from rows
        if cursor is None:
            return


def _reading(portion: Portion, cursor: str | None) -> Callable[[Session], tuple[list[Row], str | None]]:
    return lambda tx: portion(tx, cursor)


def _workbook(rows: Iterator[Row], title: str) -> Response:
    made = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the last of it is sent
    try:
        save_xlsx(_at_most(rows), title, made)
    except BaseException:
        made.close()
        raise
    made.seek(0)
    response = Response(iter(lambda: made.read(_CHUNK), b""), content_type=XLSX_TYPE)
    response.call_on_close(made.close)
    return response


def _at_most(rows: Iterator[Row]) -> Iterator[Row]:
    for number, row in enumerate(rows):
        if number > MOST_IN_WORKBOOK:
            raise Invalid({"format": [_("More than 50,000 entries: take CSV, or filter.")]})
        yield row
