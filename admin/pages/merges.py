"""Duplicates: what merging two accounts will do, asking for it, and deciding on it."""

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
from admin.routes.merges import EDITORS, READERS, MergeQuery, MergeRefusalSchema, NewMergeSchema
from catalog.merging.outlook import Outlook, outlook
from catalog.merging.requests import approve, merge_page, merge_request, propose, reject
from mall.db import Login
from mall.errors import Invalid
from mall.http.call import Call, load
from mall.http.fields import Text
from mall.http.ids import checked_id
from mall.http.page import page
from mall.http.pagination import PageQuery
from mall.http.principals import fresh
from mall.http.problems import STATUS
from mall.identity.forms import messages_of
from mall.identity.member_search import member_called

pages = desk("merges", __name__)
ONE = "/admin/merges/{merge_id}"
FIELDS = ("member", "into", "reason")


class NewMergeQuery(PageQuery):
    """Two accounts, by id or username."""

    member = Text(1, 60)
    into = Text(1, 60)


@page(pages, "GET", "/merges", auth=READERS, login=Login.BACKOFFICE)
def merge_list(call: Call) -> str:
    """Merges, those that wait first."""
    query, errors = list_query(MergeQuery())
    state = query.get("state") or "requested"
    found = merge_page(call.tx, state, query["limit"], query.get("cursor"))
    return render_template(
        "admin/merges.html", items=found["items"], state=state, next_cursor=found["next_cursor"], errors=errors,
        names=names_of_staff(call.tx), may_edit=EDITORS.opens_for(call.staff),
        called=nicknames_of(call.tx, [side for one in found["items"] for side in (one.source_id, one.target_id)]),
    )  # fmt: skip


@page(pages, "GET", "/merges/<merge_id>", auth=READERS, login=Login.BACKOFFICE)
def merge_page_of_one(call: Call, merge_id: str) -> str:
    """One merge: what it will do while it waits, what it did once it is decided."""
    row = merge_request(call.tx, checked_id(merge_id))
    ahead = outlook(call.tx, row.source_id, row.target_id, call.now) if row.state == "requested" else None
    return render_template(
        "admin/merge.html", merge=row, ahead=ahead, names=names_of_staff(call.tx), me=call.staff.name,
        may_edit=EDITORS.opens_for(call.staff), called=nicknames_of(call.tx, [row.source_id, row.target_id]),
    )  # fmt: skip


@page(pages, "GET", "/new-merge", auth=EDITORS, login=Login.BACKOFFICE)
def new_merge_page(call: Call) -> str:
    """The form; with ``?member=`` and ``?into=`` it says what would happen."""
    query, errors = list_query(NewMergeQuery())
    form = {name: query.get(name, "") for name in ("member", "into")}
    ahead = _ahead(call, form, errors) if all(form.values()) else None
    return render_template("admin/merge_new.html", form=form, errors=errors, ahead=ahead)


@page(pages, "POST", "/new-merge", auth=EDITORS, login=Login.BACKOFFICE)
def new_merge(call: Call) -> Response | Redirect:
    """Ask; nothing changes before another person approves."""
    form = {name: request.form.get(name, "").strip() for name in FIELDS}

    def work() -> str:
        body = load(NewMergeSchema(), form)
        source, target = (_member_id(call, name, body[name]) for name in ("member", "into"))
        return propose(call.tx, source, target, body["reason"], acting(call)).id

    merge_id, error = attempt(call.tx, work)
    if error is not None:
        errors = messages_of(error, FORM_ERROR)
        readable = form["member"] and form["into"] and not {"member", "into"} & errors.keys()
        ahead = _ahead(call, form, {}) if readable else None
        body = render_template("admin/merge_new.html", form=form, errors=errors, ahead=ahead)
        return make_response(body, STATUS[error.kind])
    flash(_("Asked: somebody else can approve it now."), "success")
    return redirect(f"/admin/merges/{merge_id}", 303)


@page(
    pages, "POST", "/merges/<merge_id>/approve", auth=fresh(EDITORS), login=Login.BACKOFFICE, idempotent=True,
    on_error=ONE,
)  # fmt: skip
def approve_merge_page(call: Call, merge_id: str) -> Redirect:
    """Do what somebody else has asked for."""
    row = approve(call.tx, checked_id(merge_id), acting(call))
    flash(_("Merged: points, orders and household are those of one account now."), "success")
    return redirect(f"/admin/merges/{row.id}", 303)


@page(
    pages, "POST", "/merges/<merge_id>/reject", auth=EDITORS, login=Login.BACKOFFICE, idempotent=True, on_error=ONE
)  # fmt: skip
def reject_merge_page(call: Call, merge_id: str) -> Redirect:
    """Refuse it, with a reason."""
    body = load(MergeRefusalSchema(), {"reason": request.form.get("reason", "").strip()})
    reject(call.tx, checked_id(merge_id), body["reason"], acting(call))
    flash(_("Refused: both accounts stay as they are."), "success")
    return redirect("/admin/merges", 303)


def _member_id(call: Call, field: str, text: str) -> str:
    member = member_called(call.tx, text)
    if member is None:
        raise Invalid({field: [_("Nobody is called so.")]})
    return member.id


def _ahead(call: Call, form: dict[str, Any], errors: dict[str, list[str]]) -> Outlook | None:
    ids = []
    for name in ("member", "into"):
        try:
            ids.append(_member_id(call, name, form[name]))
        except Invalid as invalid:
            errors.update(invalid.errors or {})
    return outlook(call.tx, ids[0], ids[1], call.now) if len(ids) == 2 else None
