"""Pages of a member's address book. Plain forms; a session that came by a login link confirms itself first."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from catalog.addresses.book import (
    MOST,
    add_address,
    addresses_of,
    change_address,
    find_address,
    remove_address,
)
from catalog.routes.addresses import NewAddressSchema, address_wire
from mall.db import Login, run_tx
from mall.errors import Invalid
from mall.http.call import Call, load
from mall.http.ids import checked_id
from mall.http.page import page, safe_path
from mall.http.principals import MEMBER
from mall.http.problems import plain_errors
from mall.identity.step_up import require_full
from points.viewer import viewer

pages = Blueprint("address_pages", __name__)
BOOK = "/me/addresses"
FIELDS = ("name", "phone", "address")


def _confirm_first() -> Redirect:
    return redirect(f"/me/confirm?next={BOOK}", 303)


@page(pages, "GET", "/me/addresses", auth=MEMBER, login=Login.REDEMPTION)
def book(call: Call) -> str | Redirect:
    """The addresses, and a form for another one."""
    if call.member.restricted:
        return _confirm_first()
    return _shown(call, call.tx)


def _shown(call: Call, tx: Any, **more: Any) -> str:
    saved = [address_wire(one) for one in addresses_of(tx, call.member.member_id)]
    return render_template(
        "storefront/addresses.html",
        me=viewer(tx, call.principal, call.now),
        addresses=saved,
        full=len(saved) >= MOST,
        next=safe_path(request.values.get("next"), ""),
        **more,
    )


@page(pages, "GET", "/me/addresses/<address_id>", auth=MEMBER, login=Login.REDEMPTION)
def edit(call: Call, address_id: str) -> str | Redirect:
    """One address, to change."""
    if call.member.restricted:
        return _confirm_first()
    return _edited(call, call.tx, address_id, {})


def _edited(call: Call, tx: Any, address_id: str, errors: dict[str, list[str]]) -> str:
    saved = address_wire(find_address(tx, call.member.member_id, checked_id(address_id)))
    form = request.form.to_dict() if errors else saved
    return render_template(
        "storefront/address.html",
        me=viewer(tx, call.principal, call.now),
        saved=saved,
        form=form,
        errors=errors,
    )


def _typed() -> tuple[dict[str, Any], dict[str, list[str]]]:
    """The address in the form, or what is wrong with it."""
    body: dict[str, Any] = {name: request.form.get(name, "") for name in FIELDS}
    if request.form.get("is_default") == "1":
        body["is_default"] = True
    try:
        return load(NewAddressSchema(), body), {}
    except Invalid as error:
        return {}, plain_errors(error.errors)


@page(pages, "POST", "/me/addresses", auth=MEMBER, login=None, on_error=BOOK)
def add(call: Call) -> Response | Redirect:
    """Keep another address; one that is not valid shows the form again as it was filled in."""
    require_full(call.member)
    body, errors = _typed()
    if errors:
        form = request.form.to_dict()
        shown = run_tx(Login.REDEMPTION, lambda tx: _shown(call, tx, errors=errors, form=form))
        return Response(shown, status=422)
    run_tx(Login.REDEMPTION, lambda tx: add_address(tx, call.member.member_id, body, call.now))
    flash(_("The address is kept."), "success")
    return redirect(safe_path(request.form.get("next"), BOOK), 303)


@page(pages, "POST", "/me/addresses/<address_id>", auth=MEMBER, login=None, on_error=BOOK)
def change(call: Call, address_id: str) -> Response | Redirect:
    """Change an address."""
    require_full(call.member)
    body, errors = _typed()
    if errors:
        return Response(run_tx(Login.REDEMPTION, lambda tx: _edited(call, tx, address_id, errors)), status=422)
    member_id, known = call.member.member_id, checked_id(address_id)
    run_tx(Login.REDEMPTION, lambda tx: change_address(tx, member_id, known, body, call.now))
    flash(_("The address is changed."), "success")
    return redirect(BOOK, 303)


@page(pages, "POST", "/me/addresses/<address_id>/default", auth=MEMBER, login=Login.REDEMPTION, on_error=BOOK)
def make_default(call: Call, address_id: str) -> Redirect:
    """Use this address first from now on."""
    require_full(call.member)
    change_address(call.tx, call.member.member_id, checked_id(address_id), {"is_default": True}, call.now)
    return redirect(BOOK, 303)


@page(pages, "POST", "/me/addresses/<address_id>/delete", auth=MEMBER, login=Login.REDEMPTION, on_error=BOOK)
def delete(call: Call, address_id: str) -> Redirect:
    """Delete an address."""
    require_full(call.member)
    remove_address(call.tx, call.member.member_id, checked_id(address_id))
    flash(_("The address is deleted."), "success")
    return redirect(BOOK, 303)
