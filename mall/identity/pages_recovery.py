"""Pages of a lost password: recovery codes, a linked sign-in, and links that two of the staff made."""

from __future__ import annotations

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Redirect

from mall import clock
from mall.db import Login, run_tx
from mall.errors import FieldErrors, Invalid, MallError
from mall.http.call import Call
from mall.http.page import page
from mall.http.principals import MEMBER, PUBLIC
from mall.http.problems import STATUS
from mall.identity import attempts, credentials
from mall.identity.credentials import Credential
from mall.identity.forms import keep_session, messages_of, typed
from mall.identity.members import get_member, set_password
from mall.identity.models import Member
from mall.identity.names import username_key
from mall.identity.outside import trips
from mall.identity.outside.links import linked
from mall.identity.outside.ways import ways
from mall.identity.passwords import check_new_password, hash_password
from mall.identity.recovery import codes_left, make_codes, use_code
from mall.identity.resets import holder_of_reset, use_reset
from mall.identity.sessions import confirm_session, end_member_sessions
from mall.identity.step_up import is_recent, require_recent
from mall.identity.told import tell_of_account

CODES, NEW_PASSWORD, SECURITY = "/me/recovery-codes", "/me/new-password", "/me/security"
LONGEST_CODE = 40


def codes_page(call: Call) -> str | Redirect:
    """How many codes are left, and the way to new ones. Asks for the password first."""
    if not is_recent(call.member, call.now):
        return redirect(f"/me/confirm?next={CODES}", 303)
    return render_template("storefront/recovery_codes.html", left=codes_left(call.tx, call.member.member_id))


def new_codes(call: Call) -> Response | Redirect:
    """Ten new codes, shown this once."""
    require_recent(call.member, call.now)
    member = get_member(call.tx, call.member.member_id)
    if member.username is None:
        return redirect(SECURITY, 303)
    codes = make_codes(call.tx, member.id, call.now, call.request_id)
    tell_of_account(call.tx, member.id, "recovery_codes_made", call.now)
    response = make_response(render_template("storefront/recovery_codes.html", codes=codes, left=len(codes)))
    response.headers["Cache-Control"] = "no-store"
    return response


def forgot_page(call: Call) -> str:
    """The form."""
    return render_template("storefront/forgot.html", ways=ways(next_path=NEW_PASSWORD))


def recover(call: Call) -> Response | Redirect:
    """A new password for whoever has the user name and one of its codes. All sessions end."""
    username = request.form.get("username", "")[:64]
    try:
        _recover(call)
    except MallError as error:
        values = {"form": {"username": username}, "ways": ways(next_path=NEW_PASSWORD)}
        body = render_template("storefront/forgot.html", errors=messages_of(error, "code"), **values)
        response = make_response(body, STATUS[error.kind])
        if error.retry_after is not None:
            response.headers["Retry-After"] = str(error.retry_after)
        return response
    flash(_("Your password is new. Sign in with it."), "success")
    return redirect("/sign-in", 303)


def _recover(call: Call) -> None:
    key, code = username_key(typed("username")), typed("code")[:LONGEST_CODE]
    check_new_password(typed("new_password"), key, "new_password")
    attempt = attempts.attempt_on("member", key, request.remote_addr, clock.now())

    def begin(tx: Session) -> Credential | None:
        attempts.admit(tx, attempt)  # committed whatever follows
        return credentials.member_credential(tx, key)

    found = run_tx(Login.REDEMPTION, begin)
    new_hash = hash_password(typed("new_password"))  # also for nobody, so that the time taken tells nothing

    def work(tx: Session) -> bool:
        if found is None or not use_code(tx, found.holder_id, code, call.now, call.request_id):
            return False
        set_password(tx, found.holder_id, new_hash)
        tell_of_account(tx, found.holder_id, "password_recovered", call.now)
        end_member_sessions(tx, found.holder_id)
        attempts.forgive(tx, attempt)
        return True

    if not run_tx(Login.REDEMPTION, work):
        raise Invalid({"code": [_("The user name or the code is not right.")]})


def new_password_page(call: Call) -> str | Redirect:
    """A new password for a member who forgot it and still has a linked sign-in: first that sign-in, then the form."""
    member = get_member(call.tx, call.member.member_id)
    if member.username is None or not linked(call.tx, member.id):
        return redirect(SECURITY, 303)
    return _new_password(call, call.tx, member)


def _new_password(call: Call, tx: Session, member: Member, errors: FieldErrors | None = None) -> str:
    proven = trips.is_proven(call.member.session_id, call.now)
    own = ways("confirm", NEW_PASSWORD, {one.provider for one in linked(tx, member.id)})
    return render_template(
        "storefront/new_password.html", username=member.username, proven=proven, ways=own, errors=errors
    )


def set_new_password(call: Call) -> Response | Redirect:
    """Set it, within a quarter of an hour of the linked sign-in's proof. Every other session ends."""
    member_id = call.member.member_id
    if not trips.is_proven(call.member.session_id, call.now):
        return redirect(NEW_PASSWORD, 303)
    member = run_tx(Login.REDEMPTION, lambda tx: get_member(tx, member_id))
    if member.username_key is None:
        return redirect(SECURITY, 303)
    try:
        check_new_password(typed("new_password"), member.username_key, "new_password")
    except MallError as error:
        errors = messages_of(error, "new_password")
        body = run_tx(Login.REDEMPTION, lambda tx: _new_password(call, tx, get_member(tx, member_id), errors))
        return make_response(body, STATUS[error.kind])
    new_hash = hash_password(typed("new_password"))
    attempt = attempts.attempt_on("member", member.username_key, request.remote_addr, call.now)

    def work(tx: Session) -> str:
        set_password(tx, member_id, new_hash)
        tell_of_account(tx, member_id, "password_changed", call.now)
        end_member_sessions(tx, member_id, but=call.member.session_id)
        attempts.forgive(tx, attempt)  # the guesses of whoever forgot it must not keep the new one out
        return confirm_session(tx, call.member.session_id, call.now)

    keep_session(run_tx(Login.REDEMPTION, work))
    flash(_("Your password is changed; other devices are signed out."), "success")
    return redirect(SECURITY, 303)


def reset_page(call: Call, token: str) -> Response:
    """The form behind a link that two of the staff made; looking spends nothing."""
    holder = holder_of_reset(call.tx, token, call.now)
    return _reset_form(holder.username, 200)


def reset_password(call: Call, token: str) -> Response | Redirect:
    """Choose a new password by the link, once. All sessions end."""
    holder = run_tx(Login.REDEMPTION, lambda tx: holder_of_reset(tx, token, call.now))
    try:
        check_new_password(typed("new_password"), holder.username_key, "new_password")
    except MallError as error:
        return _reset_form(holder.username, STATUS[error.kind], messages_of(error, "new_password"))
    new_hash = hash_password(typed("new_password"))

    def work(tx: Session) -> None:
        use_reset(tx, token, new_hash, call.now, call.request_id)
        # Guesses before, the member's own or a stranger's, must not keep the new password out.
        attempts.forgive(tx, attempts.attempt_on("member", holder.username_key, request.remote_addr, call.now))

    run_tx(Login.REDEMPTION, work)
    flash(_("Your password is new. Sign in with it."), "success")
    return redirect("/sign-in", 303)


def _reset_form(username: str, status: int, errors: FieldErrors | None = None) -> Response:
    body = render_template("storefront/reset.html", username=username, action=request.path, errors=errors)
    response = make_response(body, status)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def add_recovery_pages(pages: Blueprint) -> None:
    """Declare the routes on the blueprint of identity's pages."""
    page(pages, "GET", CODES, auth=MEMBER, login=Login.REDEMPTION)(codes_page)
    page(pages, "POST", CODES, auth=MEMBER, login=Login.REDEMPTION, on_error=SECURITY)(new_codes)
    page(pages, "GET", NEW_PASSWORD, auth=MEMBER, login=Login.REDEMPTION)(new_password_page)
    page(pages, "POST", NEW_PASSWORD, auth=MEMBER, login=None)(set_new_password)
    page(pages, "GET", "/forgot", auth=PUBLIC, login=None)(forgot_page)
    page(pages, "POST", "/forgot", auth=PUBLIC, login=None)(recover)
    page(pages, "GET", "/reset/<token>", auth=PUBLIC, login=Login.REDEMPTION)(reset_page)
    page(pages, "POST", "/reset/<token>", auth=PUBLIC, login=None)(reset_password)
