"""Points given, taken or forgiven by hand: one asks in a form, another approves."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from admin.acting import acting
from admin.pages.blueprint import desk
from admin.pages.forms import FORM_ERROR, attempt
from admin.pages.lists import list_query
from admin.people import names_of_staff, nicknames_of
from admin.routes.adjustments import (
    EDITORS,
    READERS,
    AdjustmentQuery,
    AdjustmentRefusalSchema,
    NewAdjustmentSchema,
    NewWriteOffSchema,
    wanted,
)
from mall.db import Login
from mall.errors import Invalid
from mall.http import idempotency
from mall.http.call import Call, load
from mall.http.ids import checked_id
from mall.http.page import page
from mall.http.principals import fresh
from mall.http.problems import STATUS
from mall.identity.forms import messages_of
from mall.identity.member_search import member_called
from points.adjustments.requests import adjustment_page, approve, ask, reject

pages = desk("adjustments", __name__)
HERE, DESK = "/admin/adjustments", "/admin/approvals"
FIELDS = ("kind", "member", "points", "reason", "note")


@page(pages, "GET", "/adjustments", auth=READERS, login=Login.BACKOFFICE)
def adjustment_list(call: Call) -> str:
    """Requests, those that wait first."""
    query, errors = list_query(AdjustmentQuery())
    state = query.get("state") or "requested"
    found = adjustment_page(call.tx, state, query["limit"], query.get("cursor"))
    return render_template(
        "admin/adjustments.html", items=found["items"], state=state, next_cursor=found["next_cursor"], errors=errors,
        names=names_of_staff(call.tx), me=call.staff.name, may_edit=EDITORS.opens_for(call.staff),
        called=nicknames_of(call.tx, [one.member_id for one in found["items"]]),
    )  # fmt: skip


@page(pages, "GET", "/new-adjustment", auth=EDITORS, login=Login.BACKOFFICE)
def new_adjustment_page(call: Call) -> str:
    """The form; ``?member=`` fills the member in."""
    form = {"kind": "adjustment", "member": request.args.get("member", "")[:60], "reason": "goodwill"}
    return _form(form, {})


@page(pages, "POST", "/new-adjustment", auth=EDITORS, login=Login.BACKOFFICE)
def new_adjustment(call: Call) -> Response | Redirect:
    """Ask; no points move before another person approves."""
    key = idempotency.check_form(request.form.get("_key"), required=True)
    assert key is not None

    def work() -> Response:
        def effect() -> Response:
            _ask(call)
            return make_response("")

        form = {name: request.form.get(name, "") for name in FIELDS}
        asked = idempotency.fingerprint(request.method, request.path, form)
        return idempotency.once(call.tx, call.principal.name, key, asked, call.now, effect)

    _done, error = attempt(call.tx, work)
    if error is not None:
        form = {name: request.form.get(name, "") for name in FIELDS}
        return make_response(_form(form, messages_of(error, FORM_ERROR)), STATUS[error.kind])
    flash(_("Asked: somebody else can approve it now."), "success")
    return redirect(HERE, 303)


@page(
    pages, "POST", "/adjustments/<adjustment_id>/approve", auth=fresh(EDITORS), login=Login.BACKOFFICE, idempotent=True,
    on_error=DESK,
)  # fmt: skip
def approve_adjustment(call: Call, adjustment_id: str) -> Redirect:
    """Do what somebody else has asked for."""
    approve(call.tx, checked_id(adjustment_id), acting(call))
    flash(_("Approved: the points have moved."), "success")
    return redirect(DESK, 303)


@page(
    pages, "POST", "/adjustments/<adjustment_id>/reject", auth=EDITORS, login=Login.BACKOFFICE, idempotent=True,
    on_error=DESK,
)  # fmt: skip
def reject_adjustment(call: Call, adjustment_id: str) -> Redirect:
    """Refuse it, with a reason."""
    given = {"reason": request.form.get("reason", "").strip()}
    reject(call.tx, checked_id(adjustment_id), load(AdjustmentRefusalSchema(), given)["reason"], acting(call))
    flash(_("Refused: no points have moved."), "success")
    return redirect(DESK, 303)


def _ask(call: Call) -> None:
    kind = "write_off" if request.form.get("kind") == "write_off" else "adjustment"
    text = request.form.get("points", "").strip().replace("−", "-").removeprefix("+")
    digits = text.removeprefix("-")
    given: dict[str, Any] = {name: request.form.get(name, "").strip() for name in ("member", "reason", "note")}
    given["points"] = int(text) if digits.isascii() and digits.isdigit() and len(digits) < 15 else text
    body = load(NewWriteOffSchema() if kind == "write_off" else NewAdjustmentSchema(), given)
    member = member_called(call.tx, body["member"])
    if member is None:
        raise Invalid({"member": [_("Nobody is called so.")]})
    ask(call.tx, wanted(kind, {**body, "member": member.id}), acting(call))


def _form(form: dict[str, Any], errors: dict[str, list[str]]) -> str:
    return render_template("admin/adjustment_new.html", form=form, errors=errors)
