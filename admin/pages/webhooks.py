"""Webhooks: endpoints with their health, made, changed, tried out; secrets shown once; deliveries, sent again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Redirect

from admin.acting import traced
from admin.pages.blueprint import desk
from admin.pages.forms import attempt
from admin.pages.lists import list_query
from admin.pages.webhook_words import answer_words, event_words
from admin.routes.webhooks import (
    MANAGER,
    OWNER,
    STATES,
    DeliveriesQuery,
    WebhookChangeSchema,
    WebhookInSchema,
    webhook_wire,
    webhooks_wire,
)
from mall.db import Login, run_tx
from mall.errors import FieldErrors, Invalid, MallError
from mall.http.call import Call, load
from mall.http.ids import checked_id
from mall.http.page import page
from mall.http.pagination import PageQuery
from mall.http.problems import STATUS, plain_errors
from mall.identity.api_clients import list_clients
from mall.identity.forms import messages_of
from mall.webhooks.deliveries import deliveries_page, redeliver, try_endpoint, waiting_by_endpoint
from mall.webhooks.endpoints import (
    add_endpoint,
    change_endpoint,
    end_former_secret,
    get_endpoint,
    refuse_address,
    remove_endpoint,
    renew_secret,
)

pages = desk("webhooks", __name__)
LIST = "/admin/webhooks"
BACK = "/admin/webhooks/{webhook_id}"
MOST_CLIENTS = 1000


def _clients(tx: Session) -> dict[str, str]:
    return {client.id: client.name for client in list_clients(tx, MOST_CLIENTS, None)}


@page(pages, "GET", "/webhooks", auth=OWNER, login=Login.BACKOFFICE)
def webhook_list(call: Call) -> str:
    """Endpoints with their health."""
    call.query, errors = list_query(PageQuery())
    found = webhooks_wire(call)
    return render_template(
        "admin/webhooks.html", items=found["items"], next_cursor=found["next_cursor"], clients=_clients(call.tx),
        answer_words=answer_words, errors=errors,
    )  # fmt: skip


@page(pages, "GET", "/new-webhook", auth=OWNER, login=Login.BACKOFFICE)
def new_webhook_page(call: Call) -> str:
    """The form."""
    return _new(call)


def _new(call: Call, **values: Any) -> str:
    shown = {"form": {}, "errors": {}, "chosen": [], **values}
    return render_template("admin/webhook_new.html", words=event_words(), clients=_clients(call.tx), **shown)


@page(pages, "POST", "/new-webhook", auth=MANAGER, login=None)
def new_webhook(call: Call) -> Response | Redirect:
    """Make an endpoint; its secret is on this answer and nowhere else. Its address is looked at before anything."""
    body, error = _read(WebhookInSchema(), {**_typed(), "client_id": request.form.get("client_id") or None})

    def make(tx: Session) -> Response:
        inner, refused = replace(call, _tx=tx), error
        if refused is None:
            made, refused = attempt(tx, lambda: add_endpoint(tx, body, *traced(call)))
            if made is not None:
                return _with_secret(inner, made[0].id, made[1])
        assert refused is not None
        return _again(refused, lambda errors: _new(inner, form=request.form, errors=errors, chosen=_typed()["events"]))

    return run_tx(Login.BACKOFFICE, make)


@page(pages, "GET", "/webhooks/<webhook_id>", auth=OWNER, login=Login.BACKOFFICE)
def webhook_page(call: Call, webhook_id: str) -> str:
    """One endpoint: its settings, its secret's state, and what was sent to it."""
    return _one(call, checked_id(webhook_id))


@page(pages, "POST", "/webhooks/<webhook_id>", auth=MANAGER, login=None)
def save_webhook(call: Call, webhook_id: str) -> Response | Redirect:
    """Address, description, events."""
    known = checked_id(webhook_id)
    body, error = _read(WebhookChangeSchema(), _typed())

    def save(tx: Session) -> Response | Redirect:
        inner, refused = replace(call, _tx=tx), error
        get_endpoint(tx, known)
        if refused is None:
            done, refused = attempt(tx, lambda: change_endpoint(tx, known, body, *traced(call)))
            if done is not None:
                return _told(known, _("Saved."))
        assert refused is not None
        return _again(
            refused, lambda errors: _one(inner, known, form=request.form, errors=errors, chosen=_typed()["events"])
        )

    return run_tx(Login.BACKOFFICE, save)


@page(pages, "POST", "/webhooks/<webhook_id>/active", auth=MANAGER, login=Login.BACKOFFICE, on_error=BACK)
def switch_webhook(call: Call, webhook_id: str) -> Redirect:
    """Off: nothing is sent. On again: what waited goes on."""
    active = request.form.get("active") == "1"
    change_endpoint(call.tx, checked_id(webhook_id), {"active": active}, *traced(call))
    return _told(webhook_id, _("Switched on.") if active else _("Switched off: nothing is sent any more."))


@page(pages, "POST", "/webhooks/<webhook_id>/secret", auth=MANAGER, login=Login.BACKOFFICE, on_error=BACK)
def new_webhook_secret(call: Call, webhook_id: str) -> Response:
    """A new secret, shown once; the former one signs too for a day."""
    known = checked_id(webhook_id)
    _made, secret = renew_secret(call.tx, known, *traced(call))
    return _with_secret(call, known, secret)


@page(pages, "POST", "/webhooks/<webhook_id>/former-secret", auth=OWNER, login=Login.BACKOFFICE, on_error=BACK)
def end_webhook_secret(call: Call, webhook_id: str) -> Redirect:
    """The former secret signs nothing any more."""
    end_former_secret(call.tx, checked_id(webhook_id), *traced(call))
    return _told(webhook_id, _("The former secret has ended."))


@page(pages, "POST", "/webhooks/<webhook_id>/test", auth=OWNER, login=Login.BACKOFFICE, on_error=BACK)
def send_test(call: Call, webhook_id: str) -> Redirect:
    """One message to try it out, also while it is off."""
    try_endpoint(call.tx, checked_id(webhook_id), *traced(call))
    return _told(webhook_id, _("A test is on its way: reload this page in a few seconds."))


@page(pages, "POST", "/webhooks/<webhook_id>/remove", auth=OWNER, login=Login.BACKOFFICE, on_error=BACK)
def remove_webhook(call: Call, webhook_id: str) -> Redirect:
    """With everything that waits for it."""
    remove_endpoint(call.tx, checked_id(webhook_id), *traced(call))
    flash(_("Removed."), "success")
    return redirect(LIST, 303)


@page(
    pages, "POST", "/webhooks/<webhook_id>/deliveries/<delivery_id>/redeliver", auth=OWNER, login=Login.BACKOFFICE,
    on_error=BACK,
)  # fmt: skip
def redeliver_webhook(call: Call, webhook_id: str, delivery_id: str) -> Redirect:
    """The same message once more."""
    known, found = checked_id(webhook_id), checked_id(delivery_id)
    redeliver(call.tx, known, found, *traced(call))
    return _told(webhook_id, _("It is sent again: reload this page in a few seconds."))


def _typed() -> dict[str, Any]:
    sent = request.form
    return {
        "url": sent.get("url", ""), "description": sent.get("description", ""), "events": sent.getlist("events"),
    }  # fmt: skip


def _read(schema: WebhookChangeSchema, typed: dict[str, Any]) -> tuple[dict[str, Any], MallError | None]:
    """What was typed, its address looked at; no transaction is open."""
    body: dict[str, Any] = {}
    wrong: FieldErrors = {}
    try:
        body = load(schema, typed)
    except Invalid as error:
        wrong = plain_errors(error.errors)
    if "url" not in wrong:
        try:
            refuse_address(typed["url"].strip())
        except Invalid as error:
            wrong |= plain_errors(error.errors)
    return body, Invalid(wrong) if wrong else None


def _one(call: Call, webhook_id: str, secret: str | None = None, **values: Any) -> str:
    found = get_endpoint(call.tx, webhook_id)
    view = webhook_wire(call, found, waiting_by_endpoint(call.tx))
    query, _errors = list_query(DeliveriesQuery())
    listed = deliveries_page(call.tx, webhook_id, query.get("state"), query["limit"], query.get("cursor"))
    shown = {"form": view, "errors": {}, "chosen": view["events"], **values}
    return render_template(
        "admin/webhook.html", one=view, clients=_clients(call.tx), words=event_words(), secret=secret,
        deliveries=[(delivery, json.loads(delivery.body)["data"]) for delivery in listed["items"]],
        next_cursor=listed["next_cursor"], state=query.get("state") or "", states=STATES, answer_words=answer_words,
        **shown,
    )  # fmt: skip


def _with_secret(call: Call, webhook_id: str, secret: str) -> Response:
    """The page with the secret, kept by nobody: neither browser nor mall can show it again."""
    response = make_response(_one(call, webhook_id, secret))
    response.headers["Cache-Control"] = "no-store"
    return response


def _again(error: MallError, shown: Callable[[dict[str, Any]], str]) -> Response:
    return make_response(shown(messages_of(error, "form")), STATUS[error.kind])


def _told(webhook_id: str, words: str) -> Redirect:
    flash(words, "success")
    return redirect(f"{LIST}/{webhook_id}", 303)
