"""A long list as a workbook: made by the worker, with a bar that tells how far it is (``admin/work``)."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Iterator
from typing import TextIO

from flask import current_app, g, request
from sqlalchemy.orm import Session

from admin.lists.declare import Lines, OfficeList
from admin.lists.send import Row, lines_of, note_export, rows_of
from admin.lists.table import ALL
from admin.work.keep import Outcome, ask
from admin.work.models import LongWork
from admin.work.run import kind_of_work
from mall import clock
from mall.db import Login, run_autocommit, run_tx
from mall.errors import NotFound
from mall.http.call import Call
from mall.http.downloads import bounded
from mall.http.principals import StaffPrincipal
from mall.i18n import choose_locale
from mall.queued import Tell
from mall.sheets import save_xlsx

KIND = "list"


def ask_workbook(call: Call, path: str) -> LongWork:
    """Leave the workbook of a list to the worker. ``path``: that of the list's file, with its filters.

    Raises NotFound for a path that is no list's, Forbidden for a list that does not open for the caller, Invalid for
    filters nobody can read, Conflict ``work_under_way``.
    """
    with current_app.test_request_context(path, headers={"Cookie": f"lang={choose_locale()}"}):
        g.request_id = call.request_id
        wanted, asked = _list_here(call.staff), {"path": path, "lang": choose_locale()}

        def work(tx: Session) -> LongWork:
            note_export(tx, call, wanted.name, _lines(wanted, call), "xlsx")
            return ask(tx, call.staff.staff_id, KIND, str(wanted.title), asked, call.now)

        return run_tx(Login.BACKOFFICE, work)


@kind_of_work(KIND)
def make_workbook(person: StaffPrincipal, work: LongWork, tell: Tell) -> Outcome:
    """The workbook of the list that the work's own request names."""
    wanted, now = _list_here(person), clock.now()
    call = Call(None, person, now, work.id)
    with tempfile.TemporaryFile("w+", encoding="utf-8") as kept:
        total = _read(rows_of(_lines(wanted, call), wanted.login), kept, tell)
        kept.seek(0)
        made = io.BytesIO()
        save_xlsx(_told(kept, total, tell), str(wanted.title), made)
    return Outcome(f"{wanted.name}-{now:%Y%m%d}.xlsx", made.getvalue())


def _lines(wanted: OfficeList, call: Call) -> Lines:
    def read(tx: Session) -> Lines:
        return lines_of(Call(tx, call.principal, call.now, call.request_id), wanted, **(request.view_args or {}))

    return run_autocommit(wanted.login, read)


def _list_here(person: StaffPrincipal) -> OfficeList:
    """The list whose file the request's address is."""
    found = next((one for one in ALL if one.file_endpoint == request.endpoint), None)
    if found is None:
        raise NotFound()
    found.auth.check(person)
    return found


def _read(rows: Iterator[Row], kept: TextIO, tell: Tell) -> int:
    """Put the lines by, so that their number is known before the workbook is written; returns it."""
    number = 0
    for number, row in enumerate(bounded(rows)):
        kept.write(json.dumps(row, ensure_ascii=False, default=str) + "\n")
        tell(number, None)
    return number


def _told(kept: TextIO, total: int, tell: Tell) -> Iterator[list[object]]:
    for number, line in enumerate(kept):
        yield json.loads(line)
        tell(number, total)
