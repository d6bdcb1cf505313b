"""A list as a file: read in portions and sent as it is read, so that a million lines need no more memory than a
thousand. No cell is a formula, and each download leaves an entry in the audit trail."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from flask import Response, make_response, render_template, request
from flask.ctx import RequestContext
from flask.globals import request_ctx
from sqlalchemy.orm import Session

from admin.lists.declare import Errors, Lines, OfficeList, cell
from mall import audit
from mall.db import Login, run_autocommit
from mall.errors import Invalid
from mall.http.call import Call
from mall.http.downloads import bounded, check_format, download
from mall.sheets import csv_stream, save_xlsx

AT_ONCE_IN_WORKBOOK = 2_000
"""Lines of a workbook that is made while its reader waits: about a second. More are left to the worker."""
_CHUNK = 64 * 1024

Row = list[object]


def send_list(call: Call, wanted: OfficeList, **path_args: str) -> Response:
    """The list with the page's filters; ``format``: csv or xlsx.

    A workbook of more than 2,000 lines takes longer than anybody should wait for a page: then the answer is a page that
    offers to have it made. Raises Invalid, also for filters nobody can read.
    """
    lines, kind = lines_of(call, wanted, **path_args), request.args.get("format", "csv")
    check_format(kind)
    rows: Iterable[Row] = rows_of(lines, wanted.login)
    if kind == "xlsx":
        rows = list(islice(rows, AT_ONCE_IN_WORKBOOK + 2))  # the headings, and one too many
        if len(rows) == AT_ONCE_IN_WORKBOOK + 2:
            offer = render_template("admin/work_offer.html", path=request.full_path, most=AT_ONCE_IN_WORKBOOK)
            return make_response(offer)
    note_export(call.tx, call, wanted.name, lines, kind)
    return _sent(call, (wanted.name, str(wanted.title)), rows, kind)


def lines_of(call: Call, wanted: OfficeList, **path_args: str) -> Lines:
    """The list as the request asks for it. Raises Invalid for filters nobody can read."""
    errors: Errors = {}
    lines = wanted.read(call, errors, **path_args)
    if errors:
        raise Invalid(errors)
    return replace(lines, asked={**lines.asked, **path_args})


def send_lines(call: Call, called: tuple[str, str], lines: Lines, kind: str) -> Response:
    """``lines`` in the format ``kind``, for a program; ``called``: the name of the file and the title of its sheet.

    Raises Invalid naming ``format`` for one we do not write, and for a workbook of more than 50,000 lines.
    """
    check_format(kind)
    note_export(call.tx, call, called[0], lines, kind)
    return _sent(call, called, rows_of(lines, Login.BACKOFFICE), kind)


def note_export(tx: Session, call: Call, name: str, lines: Lines, kind: str) -> None:
    """Write down who takes which list away, with which filters."""
    asked = {key: str(value) for key, value in lines.asked.items() if value not in (None, "")}
    detail = {"format": kind, **{key: text for key, text in asked.items() if key not in ("limit", "cursor")}}
    audit.record(tx, call.staff.name, "list.exported", f"list:{name}", detail, call.now, call.request_id)


def _sent(call: Call, called: tuple[str, str], rows: Iterable[Row], kind: str) -> Response:
    name = f"{called[0]}-{call.now:%Y%m%d}"
    return _workbook(rows, called[1], name) if kind == "xlsx" else download(csv_stream(rows), name, kind)


def rows_of(lines: Lines, login: Login) -> Iterator[Row]:
    """The headings, then the lines; each portion is a transaction of its own, so that none is open for long."""
    return _rows_in(lines, login, request_ctx.copy())


def _rows_in(lines: Lines, login: Login, asked: RequestContext) -> Iterator[Row]:
    yield list(lines.columns)
    cursor: str | None = None
    while True:
        with asked.copy():  # the request is over when the last lines are read; each still speaks its reader's language
            rows, cursor = run_autocommit(login, _reading(lines, cursor))
        yield from rows
        if cursor is None:
            return


def _reading(lines: Lines, cursor: str | None) -> Callable[[Session], tuple[list[Row], str | None]]:
    def work(tx: Session) -> tuple[list[Row], str | None]:
        found, following = lines.portion(tx, cursor)
        return _rows(lines, found), following

    return work


def _rows(lines: Lines, found: Sequence[Any]) -> list[Row]:
    columns = lines.columns.values()
    return [[cell(value(thing)) for value in columns] for thing in found]


def _workbook(rows: Iterable[Row], title: str, name: str) -> Response:
    made = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the last of it is sent
    try:
        save_xlsx(bounded(rows), title, made)
    except BaseException:
        made.close()
        raise
    made.seek(0)
    response = download(iter(lambda: made.read(_CHUNK), b""), name, "xlsx")
    response.call_on_close(made.close)
    return response
