"""One's own account of staff: password, authenticator, sign-ins; and the link by which a password is chosen."""

from __future__ import annotations

from flask import Response, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Redirect

from admin.pages.blueprint import desk
from admin.pages.forms import shown_again
from mall.db import Login, run_tx
from mall.errors import Invalid, MallError
from mall.http.call import Call
from mall.http.page import OWN_ACCOUNT, STAFF_SIGN_IN, page, safe_path
from mall.http.principals import PUBLIC, fresh, staff, while_enrolling
from mall.http.step_up_form import OTP, PASSWORD, prove_again, refusal_by_field, shown
from mall.identity import attempts
from mall.identity.forms import typed
from mall.identity.passwords import check_new_password, hash_password
from mall.identity.sessions import end_staff_sessions, renew_token
from mall.identity.signing_in import prove_staff
from mall.identity.staff import (
    begin_enrolment,
    confirm_enrolment,
    renew_recovery_codes,
    secret_to_confirm,
    take_off_own_authenticator,
)
from mall.identity.staff_care import colleague, holder_of_link, last_sign_ins, set_staff_password, use_link
from mall.identity.staff_cookie import forget_staff_session, keep_staff_session
from mall.identity.staff_recovery import FEW
from mall.identity.staff_security import otp_required
from mall.identity.totp import enrolment_uri
from mall.qr import qr_svg

pages = desk("own-account", __name__)
ANY_STAFF = while_enrolling(staff())
"""Open to whoever has to set up an authenticator before anything else: here it is done."""
ME = OWN_ACCOUNT
ISSUER = "Points mall"


def _show(call: Call, tx: Session, error: MallError | None = None, codes: list[str] | None = None) -> Response:
    secret = secret_to_confirm(tx, call.staff.staff_id) if call.staff.is_fresh(call.now) else None
    values = {
        "person": colleague(tx, call.staff.staff_id, call.now), "sign_ins": last_sign_ins(tx, call.staff.staff_id),
        "secret": secret, "picture": _picture(call, secret) if secret else None, "codes": codes, "few": FEW,
        "required": otp_required(tx),
    }  # fmt: skip
    if error is not None:
        response = shown_again("admin/me.html", error, **values)
    else:
        response = make_response(render_template("admin/me.html", form={}, errors={}, **values))
    response.headers["Cache-Control"] = "no-store"
    return response


def _picture(call: Call, secret: str) -> Markup:
    return qr_svg(enrolment_uri(secret, call.staff.username, ISSUER), scale=5, light="#fff")


def _again(call: Call, error: MallError) -> Response:
    return run_tx(Login.BACKOFFICE, lambda tx: _show(call, tx, error))


@page(pages, "GET", "/me", auth=ANY_STAFF, login=Login.BACKOFFICE)
def own_page(call: Call) -> Response:
    """Everything of one's own account."""
    return _show(call, call.tx)


@page(pages, "POST", "/me/confirm", auth=ANY_STAFF, login=None)
def confirm(call: Call) -> Response | Redirect:
    """The password again: opens what needs it for a quarter of an hour."""
    target = safe_path(request.form.get("next"), ME)
    try:
        token = prove_again(call.staff, typed(PASSWORD), typed(OTP))
    except MallError as error:
        return shown(call.staff, refusal_by_field(error), next=target)
    response = redirect(target, 303)
    keep_staff_session(response, token)
    return response


@page(pages, "POST", "/me/password", auth=ANY_STAFF, login=None)
def change_password(call: Call) -> Response | Redirect:
    """Another password, shown the one of today; other sessions end."""
    try:
        new = typed("new_password")
        check_new_password(new, call.staff.username, "new_password")
        proof = prove_staff(call.staff.username, typed("password"), request.remote_addr)
    except MallError as error:
        if error.code == "invalid_credentials":
            error = Invalid({"password": [_("The password is not right.")]})
        return _again(call, error)
    new_hash = hash_password(new)

    def work(tx: Session) -> str:
        attempts.forgive(tx, proof.attempt)
        name, kept = call.principal.name, call.staff.session_id
        set_staff_password(tx, call.staff.staff_id, new_hash, call.now, name, keep_session=kept)
        return renew_token(tx, kept)

    token = run_tx(Login.BACKOFFICE, work)
    flash(_("The password is changed; you are signed out everywhere else."), "success")
    response = redirect(ME, 303)
    keep_staff_session(response, token)
    return response


@page(pages, "POST", "/me/authenticator", auth=fresh(ANY_STAFF), login=Login.BACKOFFICE, on_error=ME)
def begin_authenticator(call: Call) -> Redirect:
    """A new secret, shown as a QR code until a code of it was given."""
    begin_enrolment(call.tx, call.staff.staff_id)
    return redirect(ME, 303)


@page(pages, "POST", "/me/authenticator/confirm", auth=ANY_STAFF, login=None)
def end_of_enrolment(call: Call) -> Response:
    """The first code: from now on signing in asks for one. Recovery codes are shown, this once."""
    try:
        code = typed("otp")
        codes = run_tx(Login.BACKOFFICE, lambda tx: confirm_enrolment(tx, call.staff.staff_id, code, call.now))
    except MallError as error:
        return _again(call, error)
    flash(_("The authenticator is set up: signing in asks for its code from now on."), "success")
    return run_tx(Login.BACKOFFICE, lambda tx: _show(call, tx, codes=codes))


@page(pages, "POST", "/me/authenticator/remove", auth=fresh(ANY_STAFF), login=Login.BACKOFFICE, on_error=ME)
def take_off_authenticator(call: Call) -> Redirect:
    """For another phone: the one of today, and its recovery codes, are worth nothing any more."""
    take_off_own_authenticator(call.tx, call.staff.staff_id, call.now)
    flash(_("The authenticator is taken off. Set up another now."), "success")
    return redirect(ME, 303)


@page(pages, "POST", "/me/recovery-codes", auth=fresh(ANY_STAFF), login=Login.BACKOFFICE, on_error=ME)
def new_recovery_codes(call: Call) -> Response:
    """Ten others, shown this once; the old ones are worth nothing any more."""
    codes = renew_recovery_codes(call.tx, call.staff.staff_id, call.now)
    return _show(call, call.tx, codes=codes)


@page(pages, "POST", "/me/sign-out-everywhere", auth=ANY_STAFF, login=Login.BACKOFFICE)
def sign_out_everywhere(call: Call) -> Redirect:
    """Every session of one's own ends, this one too."""
    end_staff_sessions(call.tx, call.staff.staff_id)
    response = redirect(STAFF_SIGN_IN, 303)
    forget_staff_session(response)
    return response


@page(pages, "GET", "/welcome/<token>", auth=PUBLIC, login=Login.BACKOFFICE)
def welcome_page(call: Call, token: str) -> Response:
    """Whoever was invited, or reset, chooses a password."""
    _id, username = holder_of_link(call.tx, token, call.now)
    return _welcome(username)


@page(pages, "POST", "/welcome/<token>", auth=PUBLIC, login=None)
def welcome(call: Call, token: str) -> Response | Redirect:
    """The password; the link is worth nothing afterwards."""
    _id, username = run_tx(Login.BACKOFFICE, lambda tx: holder_of_link(tx, token, call.now))
    try:
        password = typed("password")
        check_new_password(password, username)
    except MallError as error:
        return shown_again("admin/welcome.html", error, username=username)
    chosen = hash_password(password)
    run_tx(Login.BACKOFFICE, lambda tx: use_link(tx, token, chosen, call.now))
    return redirect(f"{STAFF_SIGN_IN}?next={ME}", 303)


def _welcome(username: str) -> Response:
    response = make_response(render_template("admin/welcome.html", form={}, errors={}, username=username))
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
