"""New passwords for members: asking on the member's page, deciding, and the link that is shown once."""

from __future__ import annotations

from flask import Response, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from admin.acting import acting
from admin.pages.blueprint import desk
from admin.pages.forms import attempt
from admin.pages.lists import list_query
from admin.people import names_of_staff, nicknames_of
from admin.routes.password_resets import (
    EDITORS,
    READERS,
    NewResetSchema,
    ResetQuery,
    ResetRefusalSchema,
    link_of,
)
from mall.db import Login
from mall.http.call import Call, load
from mall.http.ids import checked_id
from mall.http.page import page
from mall.http.principals import fresh
from mall.http.problems import sentence_of
from mall.identity.members import get_member
from mall.identity.resets import approve_reset, ask_reset, reject_reset, reset_page, reset_request

pages = desk("password-resets", __name__)
ONE, MEMBER = "/admin/password-resets/{reset_id}", "/admin/members/{member_id}"


@page(pages, "GET", "/password-resets", auth=READERS, login=Login.BACKOFFICE)
def reset_list(call: Call) -> str:
    """Requests, those that wait first."""
    query, errors = list_query(ResetQuery())
    state = query.get("state") or "requested"
    found = reset_page(call.tx, state, query["limit"], query.get("cursor"))
    return render_template(
        "admin/password_resets.html", items=found["items"], state=state, next_cursor=found["next_cursor"],
        errors=errors, names=names_of_staff(call.tx),
        called=nicknames_of(call.tx, [one.member_id for one in found["items"]]),
    )  # fmt: skip


@page(pages, "GET", "/password-resets/<reset_id>", auth=READERS, login=Login.BACKOFFICE)
def reset_of_one(call: Call, reset_id: str) -> Response:
    """One request."""
    return _one(call, checked_id(reset_id))


@page(
    pages, "POST", "/members/<member_id>/password-reset", auth=EDITORS, login=Login.BACKOFFICE, idempotent=True,
    on_error=MEMBER,
)  # fmt: skip
def ask_for_reset(call: Call, member_id: str) -> Redirect:
    """Ask; nothing changes before another person approves."""
    given = {name: request.form.get(name, "").strip() for name in ("reason", "identified")}
    body = load(NewResetSchema(), {"member": checked_id(member_id), **given})
    row = ask_reset(call.tx, body["member"], body["reason"], body["identified"], acting(call))
    flash(_("Asked: somebody else can approve it now."), "success")
    return redirect(ONE.format(reset_id=row.id), 303)


@page(pages, "POST", "/password-resets/<reset_id>/approve", auth=fresh(EDITORS), login=Login.BACKOFFICE)
def approve(call: Call, reset_id: str) -> Response | Redirect:
    """Approve, and show the link this once; not remembered anywhere, so pressing again makes another."""
    here = ONE.format(reset_id=checked_id(reset_id))
    done, error = attempt(call.tx, lambda: approve_reset(call.tx, reset_id, acting(call)))
    if error is not None or done is None:
        assert error is not None
        flash(sentence_of(error), "error")
        return redirect(here, 303)
    return _one(call, reset_id, link_of(done[1]))


@page(
    pages, "POST", "/password-resets/<reset_id>/reject", auth=EDITORS, login=Login.BACKOFFICE, idempotent=True,
    on_error=ONE,
)  # fmt: skip
def reject(call: Call, reset_id: str) -> Redirect:
    """Refuse it, with a reason."""
    body = load(ResetRefusalSchema(), {"reason": request.form.get("reason", "").strip()})
    reject_reset(call.tx, checked_id(reset_id), body["reason"], acting(call))
    flash(_("Refused: the password stays as it is."), "success")
    return redirect("/admin/password-resets", 303)


def _one(call: Call, reset_id: str, link: str | None = None) -> Response:
    row = reset_request(call.tx, reset_id)
    response = make_response(
        render_template(
            "admin/password_reset.html", reset=row, member=get_member(call.tx, row.member_id), link=link,
            names=names_of_staff(call.tx), me=call.staff.name, may_edit=EDITORS.opens_for(call.staff),
            link_good=row.state == "approved" and row.expires_at is not None and row.expires_at > call.now,
        )
    )  # fmt: skip
    response.headers["Cache-Control"] = "no-store"
    return response
