"""Labels of credited points in the back office: a list with how often each is used, and a form for each."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from admin.acting import traced
from admin.pages.blueprint import desk
from admin.pages.forms import at_fields, attempt, shown_again, wording_typed
from admin.routes.labels import EDITORS, READERS, LabelChangeSchema, NewLabelSchema
from admin.undo.fields import fields_of
from admin.undo.keep import offer_former
from catalog.wording import LANGUAGES, wording
from mall.db import Login, must_get
from mall.http.call import Call, load
from mall.http.page import page
from points.earning.labels import Uses, change_label, create_label, label_uses, labels
from points.earning.rule_models import CreditLabel

pages = desk("labels", __name__)
LIST = "/admin/labels"
ONE = "/labels/<code>"


@page(pages, "GET", "/labels", auth=READERS, login=Login.EARNING)
def label_list(call: Call) -> str:
    """All labels, by code."""
    uses = label_uses(call.tx, call.now)
    rows = [{"row": one, "uses": uses.get(one.code, Uses())} for one in labels(call.tx)]
    return render_template("admin/labels.html", rows=rows, may_edit=EDITORS.opens_for(call.staff))


@page(pages, "GET", "/new-label", auth=EDITORS, login=Login.BACKOFFICE)
def new_label_page(call: Call) -> str:
    """The form."""
    return render_template("admin/label.html", form={"active": True}, errors={}, label=None, may_edit=True)


@page(pages, "POST", "/new-label", auth=EDITORS, login=Login.BACKOFFICE)
def new_label(call: Call) -> Response | Redirect:
    """Add one."""

    def work() -> CreditLabel:
        sent = {"code": request.form.get("code", ""), "name": wording_typed("name")}
        body = load(NewLabelSchema(), sent)
        return create_label(call.tx, body["code"], wording(body["name"]), *traced(call))

    _made, error = attempt(call.tx, work)
    if error is not None:
        return shown_again("admin/label.html", at_fields(error, ("name",)), label=None, may_edit=True)
    flash(_("The label is there: reporting systems can use it from now on."), "success")
    return redirect(LIST, 303)


@page(pages, "GET", ONE, auth=READERS, login=Login.BACKOFFICE)
def label_page(call: Call, code: str) -> str:
    """One label."""
    row = _label(call, code)
    form: dict[str, Any] = {f"name.{language}": row.name.get(language, "") for language in LANGUAGES}
    return render_template(
        "admin/label.html", form={**form, "active": row.active}, errors={}, label=row,
        may_edit=EDITORS.opens_for(call.staff),
    )  # fmt: skip


@page(pages, "POST", ONE, auth=EDITORS, login=Login.BACKOFFICE)
def save_label(call: Call, code: str) -> Response | Redirect:
    """Call it something else, retire it or bring it back."""
    row, before = _label(call, code), fields_of(call.tx, "label", code)

    def work() -> CreditLabel:
        body = load(LabelChangeSchema(), {"name": wording_typed("name"), "active": request.form.get("active") == "1"})
        changes = {**body, "name": wording(body["name"])}
        return change_label(call.tx, row.code, changes, *traced(call))

    _made, error = attempt(call.tx, work)
    if error is not None:
        return shown_again("admin/label.html", at_fields(error, ("name",)), label=_label(call, code), may_edit=True)
    flash(_("Saved."), "success")
    offer_former(call, "label", row.code, before, LIST)
    return redirect(LIST, 303)


def _label(call: Call, code: str) -> CreditLabel:
    return must_get(call.tx, CreditLabel, code, populate_existing=True)
