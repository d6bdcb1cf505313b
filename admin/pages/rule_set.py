"""The rule set as one file: taken out, and put in after a look at what it would change."""

from __future__ import annotations

import json
from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response as Redirect

from admin.acting import acting
from admin.pages.blueprint import desk
from admin.pages.forms import FORM_ERROR, attempt
from admin.rule_set import SECTIONS, read_rule_set, told_import, written
from mall.db import Login
from mall.errors import Invalid, MallError
from mall.http.call import Call
from mall.http.page import page
from mall.http.principals import fresh, staff
from mall.http.problems import STATUS
from mall.identity.forms import messages_of
from mall.json_text import compact
from points.earning.rule_set import export_rule_set, import_rule_set, preview_rule_set

pages = desk("rule-set", __name__)
READERS, EDITORS = staff("rules", "auditor"), staff("rules")
HERE = "/admin/rule-set"


@page(pages, "GET", "/rule-set", auth=READERS, login=Login.EARNING)
def rule_set_page(call: Call) -> str:
    """The file to take away, and the form to put one in."""
    return _shown(call)


@page(pages, "GET", "/rule-set/file", auth=READERS, login=Login.EARNING)
def rule_set_file(call: Call) -> Response:
    """Everything in force."""
    response = make_response(written(export_rule_set(call.tx, SECTIONS, call.now)))
    response.content_type = "application/json; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="rule-set-{call.now:%Y-%m-%d}.json"'
    return response


@page(pages, "POST", "/rule-set", auth=EDITORS, login=Login.EARNING)
def try_rule_set(call: Call) -> str | Response:
    """What the file would change; nothing is written."""
    sent = request.files.get("file")

    def work() -> tuple[Any, dict[str, Any]]:
        value = _json(sent.read() if sent is not None else b"")
        found = preview_rule_set(call.tx, SECTIONS, read_rule_set(value), acting(call))
        return value, told_import(found, dry_run=True)

    done, error = attempt(call.tx, work)
    if done is None:
        return _refused(call, error)
    value, difference = done
    text = compact(value)
    return _shown(call, difference=difference, file=text, name=(sent.filename or "") if sent else "")


@page(pages, "POST", "/rule-set/import", auth=fresh(EDITORS), login=Login.EARNING)
def put_rule_set(call: Call) -> Response | Redirect:
    """Put in the file that was looked at."""

    def work() -> int:
        value = _json(request.form.get("file", "").encode("utf-8", "replace"))
        return len(import_rule_set(call.tx, SECTIONS, read_rule_set(value), acting(call)).changes)

    count, error = attempt(call.tx, work)
    if count is None:
        return _refused(call, error)
    told = ngettext("Put in: %(num)s change.", "Put in: %(num)s changes.", count)
    flash(told if count else _("The file says nothing new."), "success")
    return redirect("/admin/rules" if count else HERE, 303)


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise Invalid({FORM_ERROR: [_("This file is not JSON in UTF-8.")]}) from None


def _refused(call: Call, error: MallError | None) -> Response:
    assert error is not None
    return make_response(_shown(call, wrong=messages_of(error, FORM_ERROR)), STATUS[error.kind])


def _shown(call: Call, **more: Any) -> str:
    may_edit = EDITORS.opens_for(call.staff)
    return render_template("admin/rule_set.html", may_edit=may_edit, **more)
