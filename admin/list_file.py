"""A list as a file: read in portions and sent as it is read, so that a million lines need no more memory than a
thousand. No cell is a formula, and each download leaves an entry in the audit trail."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from flask import Flask, Response, current_app
from sqlalchemy.orm import Session

from mall import audit
from mall.db import Login, run_autocommit
from mall.http.call import Call
from mall.http.downloads import bounded, check_format, download
from mall.sheets import csv_stream, save_xlsx

AT_ONCE = 1_000
"""Lines of a portion."""
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
    check_format(kind)
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    rows = _rows(app, wanted)
    response = _workbook(rows, wanted) if kind == "xlsx" else download(csv_stream(rows), wanted.name, kind)
    detail = {"format": kind, **{name: str(value) for name, value in asked.items() if value not in (None, "")}}
    audit.record(call.tx, call.staff.name, action, subject, detail, call.now, call.request_id)
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


def _workbook(rows: Iterator[Row], wanted: ListFile) -> Response:
    made = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the last of it is sent
    try:
        save_xlsx(bounded(rows), wanted.title, made)
    except BaseException:
        made.close()
        raise
    made.seek(0)
    response = download(iter(lambda: made.read(_CHUNK), b""), wanted.name, "xlsx")
    response.call_on_close(made.close)
    return response
