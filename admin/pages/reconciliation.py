"""A source's own list beside what was booked for it: uploaded by an owner, compared, told line by line."""

from __future__ import annotations

import base64
from typing import Any

from flask import Response, make_response, render_template, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from admin.pages.blueprint import desk
from admin.pages.forms import FORM_ERROR, attempt
from admin.pages.lists import day_start_of
from admin.reconciliation import reconcile_for_staff
from admin.routes.api_clients import OWNER
from mall.db import Login
from mall.errors import Invalid
from mall.http.call import Call
from mall.http.ids import checked_id
from mall.http.page import page
from mall.http.problems import STATUS
from mall.identity.api_clients import list_clients
from mall.identity.forms import messages_of
from mall.sheets import CSV_TYPE, XLSX_TYPE, BadSheet, read_sheet, write_csv
from points.earning.listed_file import BadList, read_list
from points.earning.reconcile_lines import Listed, Reconciliation

pages = desk("reconciliation", __name__)
MOST_CLIENTS = 500
FIELDS = ("client", "from", "until")


@page(pages, "GET", "/reconciliation", auth=OWNER, login=Login.EARNING)
def reconciliation_page(call: Call) -> str:
    """The form; ``?client=`` chooses one."""
    return _shown(call.tx, {"client": request.args.get("client", "")})


@page(pages, "POST", "/reconciliation", auth=OWNER, login=Login.EARNING)
def compare_list(call: Call) -> Response:
    """Compare the file; nothing is changed, and the audit trail says whose events were looked up."""
    form = {name: request.form.get(name, "").strip() for name in FIELDS}
    found, error = attempt(call.tx, lambda: _compared(call, form))
    if error is not None:
        errors = messages_of(error, FORM_ERROR)
        return make_response(_shown(call.tx, form, errors=errors), STATUS[error.kind])
    assert found is not None
    url = "data:text/csv;charset=utf-8;base64," + base64.b64encode(write_csv(_rows(found))).decode()
    return make_response(_shown(call.tx, form, found=found, url=url))


def _compared(call: Call, form: dict[str, str]) -> Reconciliation:
    if not form["client"]:
        raise Invalid({"client": [_("Please choose one.")]})
    source = checked_id(form["client"])
    errors: dict[str, list[str]] = {}
    since, until = day_start_of(form["from"], "from", errors), day_start_of(form["until"], "until", errors, end=True)
    if errors:
        raise Invalid(errors)
    return reconcile_for_staff(call, source, _lines(), since, until)


def _lines() -> list[Listed]:
    given = request.files.get("list")
    raw = given.read() if given is not None else b""
    if not raw:
        raise Invalid({"list": [_("Please choose a file.")]})
    try:
        return read_list(read_sheet(raw, XLSX_TYPE if raw.startswith(b"PK") else CSV_TYPE))
    except BadSheet as error:
        raise Invalid({"list": [_("This file cannot be read as CSV or Excel, or is too large.")]}) from error
    except BadList as bad:
        words = {
            "empty": _("The list is empty."),
            "too_many": _("At most 5,000 events at once."),
            "id": _("Line %(line)s: the first column must be an event id.", line=bad.line),
            "points": _("Line %(line)s: the second column must be a whole number of points, or empty.", line=bad.line),
        }
        raise Invalid({"list": [words[bad.why]]}) from bad


def _rows(found: Reconciliation) -> list[tuple[object, ...]]:
    """The result as a table: what needs somebody first, what agrees last."""
    head = (_("Event"), _("Result"), _("Expected"), _("Points in the books"), _("Booked at"))
    rows: list[tuple[object, ...]] = [(one, _("missing"), "", "", "") for one in found.missing]
    parts = ((found.differing, _("differs")), (found.unlisted, _("not in the list")), (found.booked, _("agrees")))
    for events, word in parts:
        rows += [
            (one.event_id, word, "" if one.expected_points is None else one.expected_points, one.points,
             one.posted_at.isoformat())
            for one in events
        ]  # fmt: skip
    return [head, *rows]


def _shown(tx: Session, form: dict[str, str], **more: Any) -> str:
    clients = [("", _("Please choose"))] + [(one.id, one.name) for one in list_clients(tx, MOST_CLIENTS, None)]
    return render_template("admin/reconciliation.html", clients=clients, form=form, **{"errors": {}, **more})
