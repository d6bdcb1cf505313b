"""Colleagues, for owners: who may work here and as what; inviting, closing, resetting. A link is shown once."""

from __future__ import annotations

from flask import Response, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Redirect

from admin.pages.blueprint import desk
from admin.pages.forms import shown_again
from admin.role_words import role_words
from admin.routes.staff import MANAGER, OWNER, staff_link
from mall.db import Login, run_tx
from mall.errors import Invalid, MallError
from mall.http.call import Call
from mall.http.ids import checked_id
from mall.http.page import page
from mall.identity.forms import typed
from mall.identity.roles import ROLES
from mall.identity.staff_care import (
    change_role,
    colleague,
    colleagues,
    invite_staff,
    invited_staff,
    last_sign_ins,
    no_password,
    reset_authenticator,
    reset_password,
    switch_staff,
)

pages = desk("staff", __name__)
BACK = "/admin/staff/{staff_id}"


@page(pages, "GET", "/staff", auth=OWNER, login=Login.BACKOFFICE)
def staff_list(call: Call) -> str:
    """Everybody, the disabled too."""
    return render_template("admin/staff_list.html", people=colleagues(call.tx, call.now), roles=role_words())


@page(pages, "GET", "/new-staff", auth=OWNER, login=Login.BACKOFFICE)
def invitation_page(call: Call) -> str:
    """The form."""
    return render_template("admin/staff_new.html", form={"role": "catalog"}, errors={}, roles=role_words())


@page(pages, "POST", "/new-staff", auth=MANAGER, login=None)
def invite(call: Call) -> Response:
    """Open an account without a password, and show the link that chooses one."""
    try:
        entry = invited_staff(typed("username"), _role())
        staff_id, token = run_tx(Login.BACKOFFICE, lambda tx: invite_staff(tx, entry, call.now, call.principal.name))
    except MallError as error:
        return shown_again("admin/staff_new.html", error, roles=role_words())
    return run_tx(Login.BACKOFFICE, lambda tx: _one(call, tx, staff_id, token))


@page(pages, "GET", "/staff/<staff_id>", auth=OWNER, login=Login.BACKOFFICE)
def staff_page(call: Call, staff_id: str) -> Response:
    """One colleague."""
    return _one(call, call.tx, checked_id(staff_id))


@page(pages, "POST", "/staff/<staff_id>/role", auth=MANAGER, login=Login.BACKOFFICE, on_error=BACK)
def save_role(call: Call, staff_id: str) -> Redirect:
    """Another role."""
    back = BACK.format(staff_id=checked_id(staff_id))
    change_role(call.tx, staff_id, _role(), call.now, call.principal.name)
    flash(_("Saved."), "success")
    return redirect(back, 303)


@page(pages, "POST", "/staff/<staff_id>/disabled", auth=MANAGER, login=Login.BACKOFFICE, on_error=BACK)
def switch(call: Call, staff_id: str) -> Redirect:
    """Close the account or open it again."""
    back = BACK.format(staff_id=checked_id(staff_id))
    disabled = request.form.get("disabled") == "1"
    switch_staff(call.tx, staff_id, disabled, call.now, call.principal.name)
    flash(_("Closed and signed out everywhere.") if disabled else _("Open again."), "success")
    return redirect(back, 303)


@page(pages, "POST", "/staff/<staff_id>/password", auth=MANAGER, login=None, on_error=BACK)
def new_password_link(call: Call, staff_id: str) -> Response:
    """End the password, and show the link that chooses another."""
    known, nobodys = checked_id(staff_id), no_password()

    def work(tx: Session) -> Response:
        token = reset_password(tx, known, nobodys, call.now, call.principal.name)
        return _one(call, tx, known, token)

    return run_tx(Login.BACKOFFICE, work)


@page(pages, "POST", "/staff/<staff_id>/authenticator", auth=MANAGER, login=Login.BACKOFFICE, on_error=BACK)
def end_authenticator(call: Call, staff_id: str) -> Redirect:
    """Forget the authenticator of somebody who lost it."""
    back = BACK.format(staff_id=checked_id(staff_id))
    reset_authenticator(call.tx, staff_id, call.now, call.principal.name)
    flash(_("The authenticator is taken off, and every session has ended."), "success")
    return redirect(back, 303)


def _role() -> str:
    role = typed("role")
    if role not in ROLES:
        raise Invalid({"role": [_("Please choose one of these.")]})
    return role


def _one(call: Call, tx: Session, staff_id: str, token: str | None = None) -> Response:
    found = colleague(tx, staff_id, call.now)
    link = staff_link(token) if token is not None else None
    response = make_response(
        render_template(
            "admin/staff_one.html",
            person=found,
            roles=role_words(),
            link=link,
            sign_ins=last_sign_ins(tx, found.id),
            own=found.id == call.staff.staff_id,
        )
    )
    if token is not None:
        response.headers["Cache-Control"] = "no-store"
    return response
