"""Pages of people: sign in, register, login links, language and looks."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request, session
from werkzeug.wrappers import Response as Redirect

from mall.db import Login, run_tx
from mall.errors import MallError
from mall.http.call import Call
from mall.http.page import page
from mall.http.principals import OPTIONAL_MEMBER, PUBLIC, MemberPrincipal, StaffPrincipal
from mall.http.problems import STATUS
from mall.i18n import set_language, supported
from mall.identity.forms import keep_session, messages_of, next_path, typed, visitor
from mall.identity.login_links import redeem_login_link, view_login_link
from mall.identity.members import change_profile, enter_member, registration
from mall.identity.outside.ways import inside_wechat, ways
from mall.identity.pages_recovery import add_recovery_pages
from mall.identity.pages_security import add_security_pages
from mall.identity.sessions import BROWSER, end_member_sessions, end_session, open_session
from mall.identity.signing_in import accept, open_member_session, prove_member
from mall.looks import THEMES, looks_of, set_looks

pages = Blueprint("identity_pages", __name__)
add_security_pages(pages)
add_recovery_pages(pages)


def _form_again(template: str, error: MallError, field: str, **values: Any) -> Response:
    errors = messages_of(error, field)
    onward = next_path("")
    body = render_template(template, errors=errors, form=values, next=onward, ways=ways(next_path=onward))
    response = make_response(body, STATUS[error.kind])
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


@page(pages, "GET", "/sign-in", auth=OPTIONAL_MEMBER, login=Login.REDEMPTION)
def sign_in_page(call: Call) -> str | Redirect:
    """The form; who is signed in already goes on."""
    if isinstance(call.principal, MemberPrincipal) and not call.principal.restricted:
        return redirect(next_path(), 303)
    onward = next_path("")
    return render_template("storefront/sign_in.html", next=onward, ways=ways(next_path=onward), inside=inside_wechat())


@page(pages, "POST", "/sign-in", auth=PUBLIC, login=None)
def sign_in(call: Call) -> Response | Redirect:
    """Sign in; a wrong password shows the form again."""
    username = request.form.get("username", "")[:64]
    try:
        proof = prove_member(typed("username"), typed("password"), request.remote_addr)
    except MallError as error:
        return _form_again("storefront/sign_in.html", error, "password", username=username)

    def work(tx: Any) -> str:
        accept(tx, proof)
        _end_former(tx, call)
        return open_member_session(tx, proof, visitor(), call.now).token

    keep_session(run_tx(Login.REDEMPTION, work))
    return redirect(next_path(), 303)


def _end_former(tx: Any, call: Call) -> None:
    """The browser's former session ends with the cookie that is replaced."""
    if isinstance(call.principal, MemberPrincipal) and call.principal.via == "cookie":
        end_session(tx, call.principal.session_id)


@page(pages, "GET", "/register", auth=PUBLIC, login=None)
def register_page(call: Call) -> str:
    """The form."""
    onward = next_path("")
    return render_template("storefront/register.html", next=onward, ways=ways(next_path=onward), inside=inside_wechat())


@page(pages, "POST", "/register", auth=PUBLIC, login=None)
def register(call: Call) -> Response | Redirect:
    """Open an account and sign in."""
    username, nickname = request.form.get("username", "")[:64], request.form.get("nickname", "")[:64]
    try:
        entry = registration(typed("username"), typed("password"), typed("nickname").strip() or None)

        def work(tx: Any) -> str:
            member = enter_member(tx, entry, call.now)
            _end_former(tx, call)
            return open_session(tx, call.now, kind=BROWSER, member_id=member.id, device=visitor().device).token

        token = run_tx(Login.REDEMPTION, work)
    except MallError as error:
        return _form_again("storefront/register.html", error, "username", username=username, nickname=nickname)
    keep_session(token)
    return redirect(next_path(), 303)


@page(pages, "POST", "/sign-out", auth=PUBLIC, login=Login.REDEMPTION)
def sign_out(call: Call) -> Redirect:
    """End this session; without one there is nothing to do."""
    if isinstance(call.principal, MemberPrincipal):
        end_session(call.tx, call.principal.session_id)
    if not isinstance(call.principal, StaffPrincipal):
        session.clear()
    return redirect("/", 303)


@page(pages, "POST", "/sign-out-everywhere", auth=PUBLIC, login=Login.REDEMPTION)
def sign_out_everywhere(call: Call) -> Redirect:
    """End all sessions of the member."""
    if isinstance(call.principal, MemberPrincipal):
        end_member_sessions(call.tx, call.principal.member_id)
    if not isinstance(call.principal, StaffPrincipal):
        session.clear()
    return redirect("/", 303)


@page(pages, "GET", "/login/<token>", auth=PUBLIC, login=Login.REDEMPTION)
def login_link_page(call: Call, token: str) -> Response:
    """Whose link it is, and a button; looking spends nothing."""
    view = view_login_link(call.tx, token, call.now)
    values = {"nickname": view.nickname, "next": view.target, "action": request.path}
    response = make_response(render_template("storefront/login_link.html", **values))
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@page(pages, "POST", "/login/<token>", auth=PUBLIC, login=Login.REDEMPTION)
def login_link(call: Call, token: str) -> Redirect:
    """Spend the link: signed in, and on to where it leads."""
    opened, target = redeem_login_link(call.tx, token, visitor().device, call.now)
    _end_former(call.tx, call)
    keep_session(opened.token)
    return redirect(target, 303)


@page(pages, "POST", "/language", auth=OPTIONAL_MEMBER, login=Login.REDEMPTION)
def language(call: Call) -> Redirect:
    """Choose the language, kept in the browser and with the member."""
    response = redirect(next_path(), 303)
    chosen = supported(request.form.get("lang"))
    if chosen is not None:
        if isinstance(call.principal, MemberPrincipal):
            change_profile(call.tx, call.principal.member_id, {"locale": chosen})
        set_language(response, chosen)  # type: ignore[arg-type]
    return response


@page(pages, "POST", "/appearance", auth=PUBLIC, login=None)
def appearance(call: Call) -> Redirect:
    """Choose light, dark or automatic, and the elders' mode; kept in the browser."""
    response = redirect(next_path(), 303)
    theme = request.form.get("theme", "auto")
    if theme in THEMES:
        set_looks(response, looks_of(theme, request.form.get("elders")))  # type: ignore[arg-type]
    return response
