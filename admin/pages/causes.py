"""Causes in the back office: what points are given to, with what was given so far."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from admin.acting import traced
from admin.pages.blueprint import desk
from admin.pages.forms import at_fields, attempt, number_of, shown_again, wording_typed
from admin.routes.causes import EDITORS, CauseChangeSchema, NewCauseSchema
from admin.routes.gifts import READERS
from admin.undo.fields import fields_of
from admin.undo.keep import offer_former
from catalog.causes.causes import Given, causes, change_cause, create_cause, find_cause
from catalog.wording import in_language
from mall.db import Login
from mall.http.call import Call, load
from mall.http.ids import checked_id
from mall.http.page import page
from mall.i18n import language

pages = desk("causes", __name__)
HERE = "/admin/causes"
TEMPLATE = "admin/cause.html"
TEXTS = ("name", "description")


def _body() -> dict[str, Any]:
    """The form as the API's body; an empty goal is none."""
    sent = {name: request.form.get(name, "").strip() for name in ("goal_points", "code", "position")}
    body: dict[str, Any] = {name: wording_typed(name) for name in TEXTS}
    body |= {"goal_points": number_of(sent["goal_points"]) if sent["goal_points"] else None}
    body |= {"code": sent["code"] or None, "active": request.form.get("active") == "1"}
    return body | ({"position": number_of(sent["position"])} if sent["position"] else {})


def _shown(given: Given) -> dict[str, Any]:
    return {"given": given, "cause": given.cause, "name": in_language(given.cause.name, language())}


@page(pages, "GET", "/causes", auth=READERS, login=Login.BACKOFFICE)
def cause_list(call: Call) -> str:
    """All of them in their order, those that are over too."""
    rows = [_shown(given) for given in causes(call.tx, all_of_them=True)]
    total = sum(row["given"].points for row in rows)
    return render_template("admin/causes.html", rows=rows, total=total, may_edit=EDITORS.opens_for(call.staff))


@page(pages, "GET", "/new-cause", auth=EDITORS, login=Login.BACKOFFICE)
def new_cause_page(call: Call) -> str:
    """The form."""
    return render_template(TEMPLATE, one=None, form={"active": "1"}, may_edit=True)


@page(pages, "POST", "/new-cause", auth=EDITORS, login=Login.BACKOFFICE)
def new_cause(call: Call) -> Response | Redirect:
    """Make it."""

    def work() -> str:
        body = load(NewCauseSchema(), _body())
        return create_cause(call.tx, body, *traced(call)).cause.id

    cause_id, error = attempt(call.tx, work)
    if error is not None:
        return shown_again(TEMPLATE, at_fields(error, TEXTS), one=None, may_edit=True)
    flash(_("Saved. A gift of the kind “Donation” gives to it."), "success")
    return redirect(f"{HERE}/{cause_id}", 303)


@page(pages, "GET", "/causes/<cause_id>", auth=READERS, login=Login.BACKOFFICE)
def cause_page(call: Call, cause_id: str) -> str:
    """One of them, with what was given."""
    one = _shown(find_cause(call.tx, checked_id(cause_id)))
    cause = one["cause"]
    form = {f"{name}.{lang}": getattr(cause, name).get(lang) for name in TEXTS for lang in ("zh", "en")}
    form |= {name: getattr(cause, name) for name in ("goal_points", "code", "position")}
    form["active"] = "1" if cause.active else ""
    return render_template(TEMPLATE, one=one, form=form, may_edit=EDITORS.opens_for(call.staff))


@page(pages, "POST", "/causes/<cause_id>", auth=EDITORS, login=Login.BACKOFFICE)
def save_cause(call: Call, cause_id: str) -> Response | Redirect:
    """Change it; one that is not active is not shown among the causes."""
    one = _shown(find_cause(call.tx, checked_id(cause_id)))
    before = fields_of(call.tx, "cause", one["cause"].id)

    def work() -> object:
        body = load(CauseChangeSchema(), _body())
        return change_cause(call.tx, one["cause"].id, body, *traced(call))

    _done, error = attempt(call.tx, work)
    if error is not None:
        call.tx.refresh(one["cause"])
        return shown_again(TEMPLATE, at_fields(error, TEXTS), one=one, may_edit=True)
    flash(_("Saved."), "success")
    offer_former(call, "cause", one["cause"].id, before, f"{HERE}/{one['cause'].id}")
    return redirect(f"{HERE}/{one['cause'].id}", 303)
