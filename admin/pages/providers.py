"""Providers of top-ups in the back office: made, changed, given new secrets; and which gift asks which of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, current_app, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from admin.acting import traced
from admin.pages.blueprint import desk
from admin.pages.forms import attempt
from admin.routes.top_ups import ConnectionSchema, NewProviderSchema, ProviderChangeSchema, provider_wire
from catalog.topups.providers import (
    add_provider,
    change_provider,
    connect_gift,
    get_provider,
    providers,
    renew_secret,
    virtual_gifts,
)
from catalog.wording import in_language
from mall.db import Login
from mall.errors import MallError
from mall.http.call import Call, load
from mall.http.ids import checked_id
from mall.http.page import page
from mall.http.principals import fresh, staff
from mall.http.problems import STATUS
from mall.i18n import language
from mall.identity.forms import messages_of

pages = desk("providers", __name__)
READERS, EDITORS = staff("catalog", "auditor"), staff("catalog")
HERE = "/admin/top-up-providers"


def _private() -> bool:
    return bool(current_app.extensions["settings"].webhooks_to_private)


def _shown(call: Call, **more: Any) -> str:
    gifts = [
        {"id": gift.id, "name": in_language(gift.name, language()), "top_up": gift.top_up}
        for gift in virtual_gifts(call.tx)
    ]
    return render_template(
        "admin/providers.html",
        providers=[provider_wire(one) for one in providers(call.tx)],
        gifts=gifts,
        may_edit=EDITORS.opens_for(call.staff),
        **more,
    )


def _done_or_again(call: Call, work: Callable[[], object], told: str) -> Response | Redirect:
    _result, error = attempt(call.tx, work)
    if error is not None:
        return _again(call, error)
    flash(told, "success")
    return redirect(HERE, 303)


def _again(call: Call, error: MallError) -> Response:
    return make_response(_shown(call, errors=messages_of(error, "form"), form=request.form), STATUS[error.kind])


def _with_secret(call: Call, secret: str) -> Response:
    response = make_response(_shown(call, secret=secret))
    response.headers["Cache-Control"] = "no-store"
    return response


@page(pages, "GET", "/top-up-providers", auth=READERS, login=Login.BACKOFFICE)
def provider_list(call: Call) -> str:
    """Providers, and what each virtual gift asks of them."""
    return _shown(call)


@page(pages, "POST", "/top-up-providers", auth=fresh(EDITORS), login=Login.BACKOFFICE)
def new_provider(call: Call) -> Response:
    """A new provider; its secret is on this answer and nowhere else."""

    def work() -> str:
        body = load(NewProviderSchema(), {name: request.form.get(name, "") for name in ("name", "url")})
        return add_provider(call.tx, body, call.staff.name, call.now, private=_private(), request_id=call.request_id)[1]

    secret, error = attempt(call.tx, work)
    return _again(call, error) if error is not None else _with_secret(call, secret or "")


@page(pages, "POST", "/top-up-providers/<provider_id>", auth=fresh(EDITORS), login=Login.BACKOFFICE, on_error=HERE)
def save_provider(call: Call, provider_id: str) -> Response | Redirect:
    """Name, address, and whether anything is sent to it."""
    known = get_provider(call.tx, checked_id(provider_id)).id

    def work() -> object:
        typed = {name: request.form.get(name, "") for name in ("name", "url")}
        body = load(ProviderChangeSchema(), {**typed, "active": request.form.get("active") == "1"})
        return change_provider(
            call.tx, known, body, call.staff.name, call.now, private=_private(), request_id=call.request_id
        )

    return _done_or_again(call, work, _("Saved."))


@page(
    pages, "POST", "/top-up-providers/<provider_id>/secret", auth=fresh(EDITORS), login=Login.BACKOFFICE, on_error=HERE
)
def new_secret(call: Call, provider_id: str) -> Response:
    """A new secret, shown once; the former one is good for a day beside it."""
    _provider, secret = renew_secret(call.tx, checked_id(provider_id), *traced(call))
    return _with_secret(call, secret)


@page(pages, "POST", "/top-up-gifts", auth=EDITORS, login=Login.BACKOFFICE, on_error=HERE)
def connect(call: Call) -> Response | Redirect:
    """Say who tops up for a virtual gift: from then on it can be ordered."""
    gift = checked_id(request.form.get("gift", ""))

    def work() -> object:
        body = load(
            ConnectionSchema(), {name: request.form.get(name, "") for name in ("provider", "product", "target")}
        )
        return connect_gift(call.tx, gift, body, *traced(call))

    return _done_or_again(call, work, _("Saved."))
