"""``@page``: a route for people. The same order of things as ``@endpoint``, with pages for answers.

A form that moves points or stock carries a hidden ``_key``; the answer to it (a redirect) is remembered
under that key, so pressing the button twice is one effect and one answer.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, flash, g, make_response, redirect, request
from sqlalchemy.orm import Session

from mall import clock
from mall.db import Login, run_autocommit, run_tx
from mall.errors import MallError, Unauthenticated
from mall.http import idempotency
from mall.http.badges import count_badges, count_staff_badges
from mall.http.call import Call
from mall.http.csrf import check_csrf
from mall.http.endpoint import Handler, identify
from mall.http.principals import Auth, MemberPrincipal, Principal, StaffPrincipal
from mall.http.problems import sentence_of
from mall.http.step_up_form import OTP, PASSWORD, asked_again
from mall.identity.staff_cookie import in_back_office

SIGN_IN = "/sign-in"
STAFF_SIGN_IN = "/admin/sign-in"
OWN_ACCOUNT = "/admin/me"
"""Where staff set up an authenticator, which may be all that opens for them."""


def page(
    blp: Blueprint,
    method: str,
    rule: str,
    *,
    auth: Auth,
    login: Login | None,
    idempotent: bool = False,
    on_error: str | None = None,
) -> Callable[[Handler], Handler]:
    """Declare a page or a form's target. ``auth=fresh(…)``: the password is asked for again if need be.

    A refusal of a form (POST) becomes a message on the page it came from (``on_error``, a path that may
    use the route's arguments, or the referring page of this mall); a refusal of a GET is the error page.
    """

    def decorate(handler: Handler) -> Handler:
        @wraps(handler)
        def view(**path_args: Any) -> Response:
            try:
                if request.method == "POST":  # also for people not signed in: signing somebody in is worth forging
                    check_csrf()
                if auth.fresh and (form := asked_again(auth)) is not None:
                    return form
                return _serve(handler, path_args, auth, login, idempotent)
            except Unauthenticated:
                return redirect(staff_sign_in_url() if auth.kind == "staff" else _sign_in_url(), 303)  # type: ignore[return-value]
            except MallError as error:
                if error.code == "otp_enrolment_required":
                    return redirect(OWN_ACCOUNT, 303)  # type: ignore[return-value]
                if request.method != "POST" or error.kind in ("unavailable", "forbidden") or on_error is None:
                    raise
                flash(sentence_of(error), "error")
                return redirect(_escaped(on_error, path_args), 303)  # type: ignore[return-value]

        view.auth = auth  # type: ignore[attr-defined]
        blp.add_url_rule(rule, handler.__name__, view, methods=[method])
        return handler

    return decorate


def _escaped(path: str, args: dict[str, Any]) -> str:
    return path.format(**{name: quote(str(value), safe="") for name, value in args.items()})


def form_key() -> str:
    """A fresh value for a form's hidden ``_key``."""
    return secrets.token_urlsafe(18)


def safe_path(target: str | None, default: str = "/") -> str:
    """``target`` if it is a path inside the mall, else ``default``: no redirect leads out of it."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return default
    if any(ord(char) < 33 or char == "\\" or ord(char) > 126 for char in target) or len(target) > 512:
        return default
    return target


def _sign_in_url() -> str:
    here = request.full_path.rstrip("?") if request.method == "GET" else "/"
    return SIGN_IN if here == "/" else f"{SIGN_IN}?{urlencode({'next': here})}"


def staff_sign_in_url() -> str:
    """Where staff sign in, and from there back to the page they asked for."""
    here = request.full_path.rstrip("?") if request.method == "GET" else ""
    return f"{STAFF_SIGN_IN}?{urlencode({'next': here})}" if here not in ("", "/admin") else STAFF_SIGN_IN


def _serve(handler: Handler, path_args: dict[str, Any], auth: Auth, login: Login | None, idempotent: bool) -> Response:
    principal = identify()
    if login is None:
        return _run(handler, path_args, auth, None, principal, idempotent)
    run = run_autocommit if request.method == "GET" else run_tx
    return run(login, lambda tx: _run(handler, path_args, auth, tx, principal, idempotent))


def _run(
    handler: Handler,
    path_args: dict[str, Any],
    auth: Auth,
    tx: Session | None,
    principal: Principal,
    idempotent: bool,
) -> Response:
    auth.check(principal)
    auth.check_fresh(principal, clock.now())
    if isinstance(principal, MemberPrincipal) and principal.locale:
        g.member_locale = principal.locale
    if isinstance(principal, MemberPrincipal) and tx is not None and request.method == "GET":
        count_badges(tx, principal.member_id)
    elif isinstance(principal, StaffPrincipal) and tx is not None and in_back_office(request):
        count_staff_badges(tx)
    call = Call(tx, principal, clock.now(), g.request_id)

    def effect() -> Response:
        return make_response(handler(call, **path_args))

    if not idempotent or tx is None:
        return effect()
    key = idempotency.check_form(request.form.get("_key"), required=True)
    assert key is not None
    apart = {"csrf_token", PASSWORD, OTP}
    form = {name: request.form.getlist(name) for name in sorted(request.form) if name not in apart}
    asked = idempotency.fingerprint(request.method, request.path, form)

    def remembered() -> Response:
        response = effect()
        response.set_data(response.headers.get("Location", ""))
        return response

    response = idempotency.once(tx, principal.name, key, asked, call.now, remembered)
    location = response.get_data(as_text=True)
    return redirect(location or "/", 303)  # type: ignore[return-value]
