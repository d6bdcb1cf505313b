"""Reporting systems and their keys: made, changed, renewed, revoked. A key's secret is shown once."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from admin.pages.blueprint import desk
from admin.pages.forms import attempt, shown_again, whole_typed
from admin.pages.lists import list_query
from admin.routes.api_clients import MANAGER, OWNER, ClientChangeSchema, ClientInSchema
from mall.db import Login
from mall.http.call import Call, load
from mall.http.ids import checked_id
from mall.http.page import page
from mall.http.pagination import PageQuery, decode_cursor, page_of
from mall.identity.api_clients import (
    NewClient,
    ShownKey,
    add_key,
    change_client,
    create_client,
    find_client,
    keys_of,
    list_clients,
    revoke_key,
)
from mall.identity.roles import SCOPES

pages = desk("clients", __name__)
BACK = "/admin/api-clients/{client_id}"


@page(pages, "GET", "/api-clients", auth=OWNER, login=Login.BACKOFFICE)
def client_list(call: Call) -> str:
    """Reporting systems with their live keys."""
    query, errors = list_query(PageQuery())
    last = decode_cursor(query.get("cursor"), str)
    found = page_of(list_clients(call.tx, query["limit"] + 1, last[0] if last else None), query["limit"],
                    lambda client: (client.id,))  # fmt: skip
    keys = keys_of(call.tx, [client.id for client in found["items"]])
    return render_template(
        "admin/clients.html", clients=found["items"], keys=keys, next_cursor=found["next_cursor"], now=call.now,
        errors=errors,
    )  # fmt: skip


@page(pages, "GET", "/new-api-client", auth=OWNER, login=Login.BACKOFFICE)
def new_client_page(call: Call) -> str:
    """The form."""
    return render_template("admin/client_new.html", form={}, errors={}, scopes=SCOPES)


@page(pages, "POST", "/new-api-client", auth=MANAGER, login=Login.BACKOFFICE)
def new_client(call: Call) -> Response:
    """Make a reporting system and its first key."""

    def work() -> tuple[str, ShownKey]:
        body = load(ClientInSchema(), {**_body(), "name": request.form.get("name", "")})
        client = create_client(call.tx, NewClient(**body), call.now, call.principal.name)
        return client.id, add_key(call.tx, client.id, call.now, call.principal.name)

    made, error = attempt(call.tx, work)
    if error is not None or made is None:
        assert error is not None
        return shown_again("admin/client_new.html", error, scopes=SCOPES)
    return _with_secret(call, *made)


@page(pages, "GET", "/api-clients/<client_id>", auth=OWNER, login=Login.BACKOFFICE)
def client_page(call: Call, client_id: str) -> str:
    """One reporting system and its keys."""
    return _client(call, checked_id(client_id))


@page(pages, "POST", "/api-clients/<client_id>", auth=MANAGER, login=Login.BACKOFFICE)
def save_client(call: Call, client_id: str) -> Response | Redirect:
    """Scopes, cap, networks."""
    client = find_client(call.tx, checked_id(client_id))

    def work() -> Any:
        body = load(ClientChangeSchema(), {name: part for name, part in _body().items() if name != "signed_only"})
        return change_client(call.tx, client.id, body, call.now, call.principal.name)

    _done, error = attempt(call.tx, work)
    if error is not None:
        return shown_again("admin/client.html", error, **_values(call, client.id))
    flash(_("Saved."), "success")
    return redirect(f"/admin/api-clients/{client.id}", 303)


@page(pages, "POST", "/api-clients/<client_id>/disabled", auth=MANAGER, login=Login.BACKOFFICE, on_error=BACK)
def switch_client(call: Call, client_id: str) -> Redirect:
    """Close it for now, or open it again; at once on every worker."""
    disabled = request.form.get("disabled") == "1"
    change_client(call.tx, checked_id(client_id), {"disabled": disabled}, call.now, call.principal.name)
    flash(_("Closed: its next call is refused.") if disabled else _("Open again."), "success")
    return redirect(f"/admin/api-clients/{client_id}", 303)


@page(pages, "POST", "/api-clients/<client_id>/keys", auth=MANAGER, login=Login.BACKOFFICE, on_error=BACK)
def new_key(call: Call, client_id: str) -> Response:
    """Another key beside the one in use: two at most."""
    found = checked_id(client_id)
    return _with_secret(call, found, add_key(call.tx, found, call.now, call.principal.name))


@page(
    pages, "POST", "/api-clients/<client_id>/keys/<key_id>/revoke", auth=MANAGER, login=Login.BACKOFFICE, on_error=BACK
)  # fmt: skip
def end_key(call: Call, client_id: str, key_id: str) -> Redirect:
    """The key stops working with this commit."""
    revoke_key(call.tx, checked_id(client_id), checked_id(key_id), call.now, call.principal.name)
    flash(_("The key is revoked: its next call is refused."), "success")
    return redirect(f"/admin/api-clients/{client_id}", 303)


def _body() -> dict[str, Any]:
    sent = request.form
    cap, networks = sent.get("daily_cap_points", "").strip(), sent.get("allowed_networks", "").split()
    return {
        "scopes": sent.getlist("scopes"), "daily_cap_points": whole_typed(cap, 15) if cap else None,
        "allowed_networks": networks or None, "signed_only": sent.get("signed_only") == "1",
    }  # fmt: skip


def _values(call: Call, client_id: str) -> dict[str, Any]:
    keys = keys_of(call.tx, [client_id])[client_id]
    return {"client": find_client(call.tx, client_id), "keys": keys, "scopes": SCOPES, "now": call.now}


def _client(call: Call, client_id: str, secret: ShownKey | None = None) -> str:
    values = _values(call, client_id)
    client = values["client"]
    form = {
        "scopes": client.scopes, "daily_cap_points": client.daily_cap_points,
        "allowed_networks": "\n".join(client.allowed_networks or []),
    }  # fmt: skip
    return render_template("admin/client.html", form=form, errors={}, secret=secret, **values)


def _with_secret(call: Call, client_id: str, key: ShownKey) -> Response:
    """The page with the new key's secret, kept by nobody: neither browser nor mall can show it again."""
    response = make_response(_client(call, client_id, key))
    response.headers["Cache-Control"] = "no-store"
    return response
