"""Signing staff in and out in a browser, the start page, and what every page of the back office is given."""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from flask import Response, g, has_request_context, make_response, redirect, render_template, request, session
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Redirect

from admin.pages.addresses import address_with, unfiltered
from admin.pages.blueprint import HOME, desk
from admin.pages.files import file_url
from admin.pages.navigation import allowed, sidebar, trail
from admin.role_words import role_words
from mall.db import Login, run_tx
from mall.errors import Forbidden, MallError, Unauthenticated
from mall.http.call import Call
from mall.http.endpoint import identify
from mall.http.page import OWN_ACCOUNT, STAFF_SIGN_IN, page, safe_path, staff_sign_in_url
from mall.http.principals import PUBLIC, StaffPrincipal, staff
from mall.http.problems import STATUS
from mall.identity import attempts, credentials
from mall.identity.credentials import Credential
from mall.identity.forms import messages_of, typed, visitor
from mall.identity.names import username_key
from mall.identity.sessions import end_session
from mall.identity.signing_in import Proof, open_staff_session, prove_staff
from mall.identity.staff_cookie import forget_staff_session, in_back_office, keep_staff_session

pages = desk("home", __name__)
ANY_STAFF = staff()
STEP = "staff_step"
"""Where the signed cookie keeps that a password was right while the authenticator's code is asked for."""
STEP_LASTS = timedelta(minutes=5)


def _next() -> str:
    target = safe_path(request.form.get("next") or request.args.get("next"), HOME)
    return target if re.match(r"/admin(?:[/?]|$)", target) else HOME


def _sign_in_form(error: MallError | None = None, username: str = "", *, step: str = "password") -> Response:
    field = "otp" if step == "otp" else "password"
    errors = messages_of(error, field) if error is not None else {}
    if step == "otp" and error is not None and error.code == "invalid_credentials":
        errors = {"otp": [_("This code is not right, or was used already.")]}
    values = {"errors": errors, "form": {"username": username}, "next": _next(), "step": step}
    response = make_response(render_template("admin/sign_in.html", **values), STATUS[error.kind] if error else 200)
    response.headers["Cache-Control"] = "no-store"
    if error is not None and error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


@page(pages, "GET", "/sign-in", auth=PUBLIC, login=Login.BACKOFFICE)
def sign_in_page(call: Call) -> Response | Redirect:
    """The form; who is signed in already goes on."""
    if isinstance(call.principal, StaffPrincipal):
        return redirect(_next(), 303)
    return _sign_in_form()


@page(pages, "POST", "/sign-in", auth=PUBLIC, login=None)
def sign_in(call: Call) -> Response | Redirect:
    """The password; an enrolled member of staff is asked for a code next."""
    username = request.form.get("username", "")[:64]
    try:
        proof = prove_staff(typed("username"), typed("password"), request.remote_addr)
        return _enter(call, proof, None)
    except MallError as error:
        if error.code != "otp_required":
            return _sign_in_form(error, username)
        key = username_key(typed("username"))
        session[STEP] = {"key": key, "at": int(call.now.timestamp()), "of": _mark(proof.credential)}
        return _sign_in_form(step="otp")


@page(pages, "POST", "/sign-in/code", auth=PUBLIC, login=None)
def sign_in_code(call: Call) -> Response | Redirect:
    """The authenticator's code, within five minutes of the password; a wrong one counts like a wrong password."""
    try:
        return _enter(call, _first_step(call), typed("otp"))
    except MallError as error:
        if error.code == "sign_in_again":
            session.pop(STEP, None)
            return _sign_in_form(error)
        return _sign_in_form(error, step="otp")


def _first_step(call: Call) -> Proof:
    kept = session.get(STEP) or {}
    begun = datetime.fromtimestamp(kept.get("at", 0), UTC)
    if not timedelta(0) <= call.now - begun <= STEP_LASTS:
        raise Unauthenticated("sign_in_again")
    attempt = attempts.attempt_on("staff", kept["key"], request.remote_addr, call.now)

    def begin(tx: Session) -> Credential | None:
        attempts.admit(tx, attempt)
        return credentials.staff_credential(tx, kept["key"])

    found = run_tx(Login.BACKOFFICE, begin)
    if found is None or not hmac.compare_digest(_mark(found), kept["of"]):
        raise Unauthenticated("sign_in_again")
    return Proof(found, attempt, None)


def _mark(credential: Credential) -> str:
    """Tells whether the password has been changed between the two steps, without saying anything of it."""
    return hashlib.sha256(credential.password_hash.encode()).hexdigest()[:32]


def _enter(call: Call, proof: Proof, otp: str | None) -> Redirect:
    def work(tx: Session) -> str:
        opened = open_staff_session(tx, proof, otp, visitor(), call.now, call.request_id)
        if isinstance(call.principal, StaffPrincipal) and call.principal.via == "cookie":
            end_session(tx, call.principal.session_id)
        return opened.token

    token = run_tx(Login.BACKOFFICE, work)
    session.pop(STEP, None)
    session.pop("csrf_token", None)  # a form that was open before signing in is worth nothing after
    response = redirect(_next(), 303)
    keep_staff_session(response, token)
    return response


@page(pages, "POST", "/sign-out", auth=PUBLIC, login=Login.BACKOFFICE)
def sign_out(call: Call) -> Redirect:
    """End this session; without one there is nothing to do."""
    if isinstance(call.principal, StaffPrincipal):
        end_session(call.tx, call.principal.session_id)
    response = redirect(STAFF_SIGN_IN, 303)
    forget_staff_session(response)
    return response


def refuse_strangers() -> Redirect | None:
    """Before a request under /admin that matched no route: who is not staff learns nothing of what is here."""
    if request.routing_exception is None or not in_back_office(request):
        return None
    try:
        ANY_STAFF.check(identify())
    except Unauthenticated:
        return redirect(staff_sign_in_url(), 303)
    except Forbidden:  # who has to set up an authenticator first learns as little
        return redirect(OWN_ACCOUNT, 303)
    return None


def given() -> dict[str, Any]:
    """What every template of the back office reads: ``desk`` (None elsewhere), ``address_with``, and ``opens``: whether
    the page behind an endpoint opens for the reader."""
    if not has_request_context() or not in_back_office(request):
        return {}
    principal = g.get("principal")
    if not isinstance(principal, StaffPrincipal):
        return {"desk": None, "address_with": address_with}
    who = {"username": principal.username, "role": role_words()[principal.role]}
    sections, file = sidebar(principal), file_url()
    shown = {"who": who, "sections": sections, "trail": trail(sections), "file": file, "reset": file and unfiltered()}
    return {"desk": shown, "address_with": address_with, "opens": partial(allowed, principal)}


pages.before_app_request(refuse_strangers)
pages.app_context_processor(given)
