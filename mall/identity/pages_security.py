"""Pages of a member's own credential: password, devices, first credential, confirmation."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, session
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Redirect

from mall.db import Login, run_tx
from mall.errors import Conflict, MallError
from mall.http.call import Call
from mall.http.page import page
from mall.http.principals import MEMBER
from mall.http.problems import STATUS
from mall.identity.forms import keep_session, messages_of, next_path, typed
from mall.identity.members import claim_account, get_member, registration, set_password
from mall.identity.outside.links import has_own_sign_in, linked
from mall.identity.outside.ways import Way, icon_of, label_of, ways
from mall.identity.passwords import check_new_password, hash_password
from mall.identity.sessions import confirm_session, end_member_sessions, end_own_session, sessions_of
from mall.identity.signing_in import accept, prove_own
from mall.identity.step_up import is_recent, require_full
from mall.identity.told import tell_of_account

CHANGED = "/me/security"


def _security(call: Call, tx: Session, **more: Any) -> str:
    member = get_member(tx, call.member.member_id)
    sessions = [
        {
            "id": row.id,
            "device": row.device,
            "started_at": row.created_at,
            "last_seen_at": row.last_seen_at,
            "current": row.id == call.member.session_id,
        }
        for row in sessions_of(tx, member.id, call.now)
    ]
    own = linked(tx, member.id)
    known = {one.provider for one in own}
    linkable = [way for way in ways("link") if way.key not in known]
    sign_ins = [
        {"key": one.provider, "label": label_of(one.provider), "icon": icon_of(one.provider), "at": one.linked_at}
        for one in own
    ]
    return render_template(
        "storefront/security.html", username=member.username, sessions=sessions, sign_ins=sign_ins,
        linkable=linkable, last_way=member.username is None and len(own) == 1,
        confirm_first=member.username is None and bool(own) and not is_recent(call.member, call.now), **more,
    )  # fmt: skip


def security_page(call: Call) -> str | Redirect:
    """Password and devices. A session that came by a link confirms first."""
    if call.member.restricted:
        return redirect(f"/me/confirm?next={CHANGED}", 303)
    return _security(call, call.tx)


def _refused(call: Call, error: MallError, field: str, **form: str) -> Response:
    errors = messages_of(error, field)
    body = run_tx(Login.REDEMPTION, lambda tx: _security(call, tx, errors=errors, form=form))
    return make_response(body, STATUS[error.kind])


def change_password(call: Call) -> Response | Redirect:
    """Set a new password; every other session ends."""
    require_full(call.member)
    member_id = call.member.member_id
    try:
        proof = prove_own(member_id, typed("current_password"), request.remote_addr)
    except MallError as error:
        return _refused(call, error, "current_password")
    try:
        check_new_password(typed("new_password"), proof.credential.username_key, "new_password")
    except MallError as error:
        return _refused(call, error, "new_password")
    new_hash = hash_password(typed("new_password"))

    def work(tx: Session) -> str:
        accept(tx, proof)
        set_password(tx, member_id, new_hash)
        tell_of_account(tx, member_id, "password_changed", call.now)
        end_member_sessions(tx, member_id, but=call.member.session_id)
        return confirm_session(tx, call.member.session_id, call.now)

    keep_session(run_tx(Login.REDEMPTION, work))
    flash(_("Your password is changed; other devices are signed out."), "success")
    return redirect(CHANGED, 303)


def end_device(call: Call, session_id: str) -> Redirect:
    """Sign out on one device: at once, wherever it is."""
    require_full(call.member)
    end_own_session(call.tx, call.member.member_id, session_id)
    if session_id == call.member.session_id:
        session.clear()
        return redirect("/", 303)
    flash(_("That device is signed out."), "success")
    return redirect(CHANGED, 303)


def first_credential(call: Call) -> Response | Redirect:
    """A first user name and password: makes an unclaimed account one's own. Other sessions end."""
    require_full(call.member)
    member_id = call.member.member_id
    username = request.form.get("username", "")[:64]
    try:
        username_now, owned = run_tx(Login.REDEMPTION, lambda tx: _ownership(tx, member_id))
        if username_now is not None:
            raise Conflict("credential_exists")
        if owned and not is_recent(call.member, call.now):
            return redirect(f"/me/confirm?next={CHANGED}", 303)
        entry = registration(typed("username"), typed("password"))

        def work(tx: Session) -> str:
            claim_account(tx, member_id, entry, call.now)
            end_member_sessions(tx, member_id, but=call.member.session_id)
            return confirm_session(tx, call.member.session_id, call.now)

        token = run_tx(Login.REDEMPTION, work)
    except MallError as error:
        return _refused(call, error, "username", username=username)
    keep_session(token)
    flash(_("Your user name and password are set.") if owned else _("This account is yours now."), "success")
    return redirect(CHANGED, 303)


def _ownership(tx: Session, member_id: str) -> tuple[str | None, bool]:
    member = get_member(tx, member_id)
    return member.username, has_own_sign_in(tx, member)


def confirm_page(call: Call) -> str | Redirect:
    """Asks for the password once more, or for a linked sign-in."""
    username = get_member(call.tx, call.member.member_id).username
    linked_ways = _linked_ways(call.tx, call.member.member_id)
    if username is None and not linked(call.tx, call.member.member_id):
        return redirect(CHANGED, 303)
    return render_template("storefront/confirm.html", username=username, next=next_path(""), ways=linked_ways)


def _linked_ways(tx: Session, member_id: str) -> list[Way]:
    return ways("confirm", next_path(""), {one.provider for one in linked(tx, member_id)})


def confirm(call: Call) -> Response | Redirect:
    """The password again: lifts a link session's restriction and opens what needs a recent one."""
    member_id = call.member.member_id
    try:
        proof = prove_own(member_id, typed("password"), request.remote_addr)
    except MallError as error:
        own_ways = run_tx(Login.REDEMPTION, lambda tx: _linked_ways(tx, member_id))
        values = {"username": request.form.get("username", "")[:64], "next": next_path(""), "ways": own_ways}
        body = render_template("storefront/confirm.html", errors=messages_of(error, "password"), **values)
        return make_response(body, STATUS[error.kind])

    def work(tx: Session) -> str:
        accept(tx, proof)
        return confirm_session(tx, call.member.session_id, call.now)

    keep_session(run_tx(Login.REDEMPTION, work))
    return redirect(next_path("/me"), 303)


def add_security_pages(pages: Blueprint) -> None:
    """Declare the routes on the blueprint of identity's pages."""
    page(pages, "GET", "/me/security", auth=MEMBER, login=Login.REDEMPTION)(security_page)
    page(pages, "POST", "/me/password", auth=MEMBER, login=None)(change_password)
    page(
        pages, "POST", "/me/sessions/<session_id>/end", auth=MEMBER, login=Login.REDEMPTION, on_error=CHANGED,
    )(end_device)  # fmt: skip
    page(pages, "POST", "/me/credential", auth=MEMBER, login=None)(first_credential)
    page(pages, "GET", "/me/confirm", auth=MEMBER, login=Login.REDEMPTION)(confirm_page)
    page(pages, "POST", "/me/confirm", auth=MEMBER, login=None)(confirm)
