"""Pages of signing in with an identity from elsewhere: there, back, and what to do with somebody new."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Redirect

from mall.db import Login, run_tx
from mall.errors import Conflict, MallError, NotFound
from mall.http.call import Call
from mall.http.page import page
from mall.http.principals import MEMBER, PUBLIC, RECENT, MemberPrincipal
from mall.http.problems import STATUS, sentence_of
from mall.identity.forms import keep_session, messages_of, next_path, typed, visitor
from mall.identity.members import get_member
from mall.identity.outside import trips
from mall.identity.outside.links import Arrived, arrived, has_own_sign_in, holder_of, link, open_account, unlink
from mall.identity.outside.provider import Cancelled, Person, ProviderError, Unreachable
from mall.identity.outside.trips import Journey, Newcomer
from mall.identity.outside.ways import BEGIN, icon_of, label_of, provider, user_agent
from mall.identity.sessions import BROWSER, confirm_session, end_member_sessions, end_session, open_session
from mall.identity.signing_in import accept, prove_member
from mall.identity.step_up import is_recent, require_full, require_recent

pages = Blueprint("outside_pages", __name__)
FIRST_TIME, SECURITY, CONFIRM, SIGN_IN = "/sign-in/first-time", "/me/security", "/me/confirm", "/sign-in"
LONGEST_CODE = 2048
HOME = {"sign-in": SIGN_IN, "confirm": CONFIRM, "link": SECURITY}
"""Where somebody goes back to when nothing came of it, by purpose."""


@page(pages, "GET", f"{BEGIN}/<provider_key>", auth=PUBLIC, login=None)
def set_out(call: Call, provider_key: str) -> Redirect:
    """Send the browser to the provider. Nothing is changed by that: a link from anywhere may lead here."""
    found, purpose = provider(provider_key), request.args.get("for", "sign-in")
    if purpose not in trips.PURPOSES:
        raise NotFound()
    if purpose != "sign-in" and not isinstance(call.principal, MemberPrincipal):
        return redirect(SIGN_IN, 303)
    if purpose == "link" and _must_confirm(call):
        return redirect(f"{CONFIRM}?{urlencode({'next': f'{BEGIN}/{provider_key}?for=link'})}", 303)
    onward = next_path(SECURITY if purpose == "link" else "/")
    trip = trips.begin(provider_key, purpose, onward, call.now)
    try:
        address = found.address(trip, _back(provider_key), user_agent(), again=purpose == "confirm")
    except ProviderError as error:
        return _came_to_nothing(provider_key, purpose, error)
    return redirect(address, 303)


@page(pages, "GET", f"{BEGIN}/<provider_key>/back", auth=PUBLIC, login=None)
def come_back(call: Call, provider_key: str) -> Redirect:
    """The browser is back: who is it? Good once, and only in the browser that set out."""
    found = provider(provider_key)
    journey = trips.finish(provider_key, request.args.get("state", "")[:128], call.now)
    if journey is None:
        flash(_("This took too long, or began in another browser. Please try again."), "error")
        return redirect(SIGN_IN, 303)
    code = request.args.get("code", "")
    try:
        if not 0 < len(code) <= LONGEST_CODE:
            raise Cancelled(request.args.get("error", "")[:40])
        person = found.person(journey.trip, code, _back(provider_key), user_agent(), call.now)
    except ProviderError as error:
        return _came_to_nothing(provider_key, journey.purpose, error)
    who = arrived(provider_key, person.subjects)
    member = call.principal if isinstance(call.principal, MemberPrincipal) else None
    if journey.purpose != "sign-in" and member is not None:
        return _for_member(call, member, journey, who, person)
    return _for_visitor(call, journey, who, person)


def _for_visitor(call: Call, journey: Journey, who: Arrived, person: Person) -> Redirect:
    def work(tx: Session) -> str | None:
        holder = holder_of(tx, who, call.now)
        return _open(tx, call, holder, person.authenticated_at) if holder is not None else None

    token = run_tx(Login.REDEMPTION, work)
    if token is None:
        trips.keep_newcomer(who, person, journey.next_path, None, call.now)
        return redirect(FIRST_TIME, 303)
    keep_session(token)
    return redirect(journey.next_path, 303)


def _for_member(call: Call, member: MemberPrincipal, journey: Journey, who: Arrived, person: Person) -> Redirect:
    """Back for a confirmation or to link, in a session that is still there."""
    holder = run_tx(Login.REDEMPTION, lambda tx: holder_of(tx, who, call.now))
    if journey.purpose == "link":
        if holder is not None:
            flash(sentence_of(Conflict("identity_linked" if holder == member.member_id else "identity_taken")), "error")
            return redirect(SECURITY, 303)
        trips.keep_newcomer(who, person, journey.next_path, member.member_id, call.now)
        return redirect(FIRST_TIME, 303)
    if holder != member.member_id:
        flash(_("That sign-in is not linked to this account."), "error")
        return redirect(CONFIRM, 303)
    if person.authenticated_at is not None and call.now - person.authenticated_at > RECENT:
        flash(_("%(provider)s did not ask who you are. Please try again.", provider=label_of(who.provider)), "error")
        return redirect(CONFIRM, 303)
    keep_session(run_tx(Login.REDEMPTION, lambda tx: confirm_session(tx, member.session_id, call.now)))
    trips.keep_proven(member.session_id, call.now)
    return redirect(journey.next_path, 303)


@page(pages, "GET", FIRST_TIME, auth=PUBLIC, login=None)
def first_time(call: Call) -> Response | Redirect:
    """Somebody new: a new account, or one that is there already?"""
    found = trips.newcomer(call.now)
    if found is None:
        return redirect(SIGN_IN, 303)
    return _first_time(call, found)


def _first_time(call: Call, found: Newcomer, error: MallError | None = None, field: str = "") -> Response:
    linking = None
    if found.linking is not None and _is(call, found.linking):
        linking = call.member.nickname
    form = {name: request.form.get(name, "")[:64] for name in ("nickname", "username") if name in request.form}
    body = render_template(
        "storefront/first_time.html",
        provider=label_of(found.who.provider),
        mark=icon_of(found.who.provider),
        linking=linking,
        form=form or {"nickname": found.nickname[:20]},
        errors=messages_of(error, field) if error else None,
        which=field,
    )
    response = make_response(body, STATUS[error.kind] if error else 200)
    if error is not None and error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    response.headers["Cache-Control"] = "no-store"
    return response


@page(pages, "POST", f"{FIRST_TIME}/open", auth=PUBLIC, login=None)
def open_new(call: Call) -> Response | Redirect:
    """A new account for somebody new."""
    found = trips.newcomer(call.now)
    if found is None:
        return _too_late()

    def work(tx: Session) -> str:
        # Pressed twice: the first press opened it.
        member_id = holder_of(tx, found.who, call.now)
        member_id = member_id or open_account(tx, typed("nickname"), found.who, call.now, call.request_id)
        return _open(tx, call, member_id, found.authenticated_at)

    try:
        token = run_tx(Login.REDEMPTION, work)
    except MallError as error:
        return _first_time(call, found, error, "nickname")
    keep_session(token)
    flash(_("Welcome! Your account is open."), "success")
    return redirect(found.next_path, 303)


@page(pages, "POST", f"{FIRST_TIME}/link", auth=PUBLIC, login=None)
def link_existing(call: Call) -> Response | Redirect:
    """The account is there already: by its password, or in the session of the member who asked for it."""
    found = trips.newcomer(call.now)
    if found is None:
        return _too_late()
    linking = found.linking
    if linking is not None and _is(call, linking):
        return _link_own(call, found, linking)
    try:
        proof = prove_member(typed("username"), typed("password"), request.remote_addr)

        def work(tx: Session) -> str:
            accept(tx, proof)
            link(tx, proof.credential.holder_id, found.who, call.now, call.request_id)
            return _open(tx, call, proof.credential.holder_id, None)

        token = run_tx(Login.REDEMPTION, work)
    except MallError as error:
        return _first_time(call, found, error, "password")
    keep_session(token)
    flash(_("Linked. From now on you can sign in with %(provider)s.", provider=label_of(found.who.provider)), "success")
    return redirect(found.next_path, 303)


def _link_own(call: Call, found: Newcomer, member_id: str) -> Redirect:
    """Link to the account that is signed in, which may be claimed by this: then sessions opened by links end."""
    require_full(call.member)

    def work(tx: Session) -> str | None:
        owned = has_own_sign_in(tx, get_member(tx, member_id))
        if owned:
            require_recent(call.member, call.now)
        link(tx, member_id, found.who, call.now, call.request_id)
        if owned:
            return None
        end_member_sessions(tx, member_id, but=call.member.session_id)
        return confirm_session(tx, call.member.session_id, call.now)

    try:
        token = run_tx(Login.REDEMPTION, work)
    except MallError as error:
        flash(sentence_of(error), "error")
        return redirect(SECURITY, 303)
    trips.forget_newcomer()
    if token is not None:
        keep_session(token)
    flash(_("Linked. From now on you can sign in with %(provider)s.", provider=label_of(found.who.provider)), "success")
    return redirect(SECURITY, 303)


@page(pages, "POST", "/me/sign-ins/<provider_key>/unlink", auth=MEMBER, login=Login.REDEMPTION, on_error=SECURITY)
def take_off(call: Call, provider_key: str) -> Redirect:
    """Take a sign-in off the account; the last way in stays."""
    require_full(call.member)
    try:
        require_recent(call.member, call.now)
    except MallError:
        flash(_("Please confirm that it is you first, then take it off."), "info")
        return redirect(f"{CONFIRM}?next={SECURITY}", 303)
    unlink(call.tx, call.member.member_id, provider_key, call.now, call.request_id)
    flash(_("%(provider)s is taken off your account.", provider=label_of(provider_key)), "success")
    return redirect(SECURITY, 303)


def _open(tx: Session, call: Call, member_id: str, given_at: Any) -> str:
    """A browser's session; the former one of this browser ends with its cookie."""
    if isinstance(call.principal, MemberPrincipal) and call.principal.via == "cookie":
        end_session(tx, call.principal.session_id)
    opened = open_session(
        tx, call.now, kind=BROWSER, member_id=member_id, device=visitor().device, given_at=given_at
    )  # fmt: skip
    return opened.token


def _must_confirm(call: Call) -> bool:
    """Whether the own credential has to be given (again) before a sign-in is linked."""
    if call.member.restricted or is_recent(call.member, call.now):
        return call.member.restricted
    return run_tx(Login.REDEMPTION, lambda tx: has_own_sign_in(tx, get_member(tx, call.member.member_id)))


def _is(call: Call, member_id: str) -> bool:
    return isinstance(call.principal, MemberPrincipal) and call.principal.member_id == member_id


def _back(provider_key: str) -> str:
    public_url: str = current_app.extensions["settings"].public_url
    return f"{public_url}{BEGIN}/{provider_key}/back"


def _too_late() -> Redirect:
    flash(_("This took too long. Please try again."), "error")
    return redirect(SIGN_IN, 303)


def _came_to_nothing(provider_key: str, purpose: str, error: ProviderError) -> Redirect:
    """Back to where it began, with a sentence; the log says what went wrong."""
    label = label_of(provider_key)
    if isinstance(error, Cancelled):
        flash(_("You did not sign in with %(provider)s.", provider=label), "info")
    elif isinstance(error, Unreachable):
        current_app.logger.warning("sign-in provider %s cannot be reached: %s", provider_key, error)
        flash(_("%(provider)s cannot be reached just now. Please try again later.", provider=label), "error")
    else:
        current_app.logger.warning("sign-in provider %s refused: %s", provider_key, error)
        flash(_("Signing in with %(provider)s did not work. Please try again.", provider=label), "error")
    return redirect(HOME[purpose], 303)
