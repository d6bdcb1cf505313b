"""The password again, before a dangerous act of the back office: asked for in a form that keeps what was sent.

The form goes to where the first one went, with everything that was typed in it, so that the right password does at
once what was asked for. A page that is read, or a form with a file (which no form can keep), is gone back to.
"""

from __future__ import annotations

from typing import Any

from flask import Response, after_this_request, g, make_response, render_template, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from mall import clock
from mall.db import Login, run_tx
from mall.errors import FieldErrors, MallError
from mall.http.endpoint import identify
from mall.http.principals import Auth, StaffPrincipal
from mall.http.problems import sentence_of
from mall.identity import attempts
from mall.identity.sessions import confirm_session
from mall.identity.signing_in import prove_staff
from mall.identity.staff import check_otp
from mall.identity.staff_cookie import RENEWED, keep_staff_session

PASSWORD, OTP = "_password", "_otp"  # names of fields, not secrets
CONFIRM = "/admin/me/confirm"
LONGEST = 256


def asked_again(auth: Auth) -> Response | None:
    """The form that asks for the password; None where nothing has to be asked, or it was given just now."""
    principal = identify()
    auth.check(principal)  # who may not do this is not asked either
    if not isinstance(principal, StaffPrincipal) or principal.is_fresh(clock.now()):
        return None
    if request.method != "POST" or PASSWORD not in request.form:
        return _form(principal, {})
    try:
        token = prove_again(principal, request.form[PASSWORD], request.form.get(OTP, ""))
    except MallError as error:
        return _form(principal, refusal_by_field(error))
    g.setdefault(RENEWED, token)
    after_this_request(_kept)
    return None


def prove_again(principal: StaffPrincipal, password: str, otp: str) -> str:
    """Check the password and, of whom has an authenticator, the code; returns the session's new token.

    Raises TooMany, Unauthenticated ``invalid_credentials`` or ``otp_required``. Open no transaction around this.
    """
    proof = prove_staff(principal.username, password[:LONGEST], request.remote_addr)

    def work(tx: Session) -> str:
        check_otp(tx, principal.staff_id, otp.strip()[:LONGEST] or None, clock.now())
        attempts.forgive(tx, proof.attempt)
        return confirm_session(tx, principal.session_id, clock.now())

    return run_tx(Login.BACKOFFICE, work)


def refusal_by_field(error: MallError) -> FieldErrors:
    """Why the form is shown again, by field: which of the two was wrong is not said to somebody who guesses."""
    if error.code == "otp_required":
        return {OTP: [sentence_of(error)]}
    if error.code == "invalid_credentials":
        return {PASSWORD: [_("The password or the code is not right.")]}
    return {PASSWORD: [sentence_of(error)]}


def _kept(response: Response) -> Response:
    keep_staff_session(response, g.get(RENEWED))
    return response


def _form(principal: StaffPrincipal, errors: FieldErrors) -> Response:
    here = request.path + (f"?{request.query_string.decode('latin-1')}" if request.query_string else "")
    if request.method == "GET":
        return shown(principal, errors, next=here)
    if any(file.filename for file in request.files.values()):
        return shown(principal, errors, next=(request.referrer or "").removeprefix(request.host_url.rstrip("/")))
    apart = {"csrf_token", PASSWORD, OTP}
    kept = [pair for pair in request.form.items(multi=True) if pair[0] not in apart]
    return shown(principal, errors, action=here, kept=kept)


def shown(
    principal: StaffPrincipal, errors: FieldErrors, *, action: str = CONFIRM, next: str = "", **more: Any
) -> Response:
    """The form, 422 where what was given was wrong. ``next``: where to go afterwards; ``kept``: pairs of names and
    values to send along to ``action``."""
    values = {"action": action, "next": next, "enrolled": principal.enrolled, "errors": errors, "kept": [], **more}
    response = make_response(render_template("admin/step_up.html", **values), 422 if errors else 403)
    response.headers["Cache-Control"] = "no-store"
    return response
