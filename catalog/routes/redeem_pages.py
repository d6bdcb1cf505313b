"""Confirming what is to be ordered, and ordering it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Redirect

from catalog.addresses.book import add_address
from catalog.gifts.queries import find_shown
from catalog.gifts.shelves import pickup_points
from catalog.payment.pages import page_of
from catalog.redemption.place import OrderRequest, place_order
from catalog.redemption.quote import quote
from catalog.redemption.together import Order, place_together
from catalog.redemption.views import OrderView
from catalog.routes.draw_wire import drawn
from catalog.routes.orders import order_request, with_saved_address
from catalog.routes.pages import saved_addresses, variant_shown
from catalog.routes.schemas import PlaceOrderSchema
from catalog.routes.shown import gift_page_view, point_shown, quote_shown
from mall.db import Login, run_tx
from mall.errors import Conflict, Invalid, MallError, NotFound
from mall.http import idempotency
from mall.http.call import Call, load
from mall.http.ids import checked_id
from mall.http.page import page
from mall.http.principals import MEMBER
from mall.http.problems import plain_errors, problem_of
from points.viewer import require_active, viewer

pages = Blueprint("storefront-redeem", __name__)
ADDRESS_FIELDS = ("name", "phone", "address")


@page(pages, "GET", "/gifts/<gift_id>/redeem", auth=MEMBER, login=Login.REDEMPTION)
def redeem(call: Call, gift_id: str) -> str | Redirect:
    """What is about to be ordered. A variant that is not offered any more is not swapped for another: choose first."""
    quantity, variant = max(1, _quantity(request.args.get("quantity", "1"))), request.args.get("variant")
    if variant and not find_shown(call.tx, checked_id(gift_id), call.now).offers(variant):
        return _choose_again(gift_id)
    return _confirm(call, call.tx, gift_id, quantity, variant)


def _choose_again(gift_id: str) -> Redirect:
    flash(_("What you chose is no longer offered. Please choose another."), "error")
    return redirect(f"/gifts/{gift_id}", 303)


def _quantity(text: str) -> int:
    """A quantity as it was typed; 0 when it is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 3 else 0


def _confirm(call: Call, tx: Session, gift_id: str, quantity: int, wanted: str | None, **typed: Any) -> str:
    shown = find_shown(tx, checked_id(gift_id), call.now)
    points = list(pickup_points(tx))
    variant = variant_shown(shown, wanted)
    offered = quote(tx, call.member, OrderRequest(gift_id, quantity, variant), call.now)
    return render_template(
        "storefront/redeem.html",
        me=viewer(tx, call.principal, call.now),
        gift=gift_page_view(shown, points, offered.available, call.now, variant),
        quantity=quantity,
        max_quantity=offered.max_quantity,
        quote=quote_shown(offered),
        pickup_points=[point_shown(point) for point in points],
        addresses=saved_addresses(call, tx) if shown.gift.kind == "delivery" else [],
        may_keep=not call.member.restricted,
        **drawn(call, tx, shown),
        **typed,
    )


@page(pages, "POST", "/gifts/<gift_id>/redeem", auth=MEMBER, login=None, on_error="/gifts/{gift_id}/redeem")
def redeem_form(call: Call, gift_id: str) -> Any:
    """Place the order, once for each hidden key, and go to it. A refusal shows the page again, as it was filled in."""
    require_active(call.member)
    form = request.form.to_dict()
    key = idempotency.check_form(form.get("_key"), required=True)
    assert key is not None
    quantity = _quantity(form.get("quantity", "1"))
    body = _body(gift_id, quantity, form)
    keyed = idempotency.keyed(call.principal.name, key, "POST", request.path, body)
    unpaid: list[str] = []

    def whole(tx: Session) -> OrderRequest:
        loaded = load(PlaceOrderSchema(), body)
        return with_saved_address(tx, call.member, loaded, order_request(loaded))

    def effect(tx: Session, patient: bool) -> Response:
        placed = place_order(tx, call.member.member_id, whole(tx), call.now, secrets=False, patient=patient)
        _refuse_if_dearer(placed, form)
        unpaid.extend([placed.id] if placed.cash else [])
        _keep_address(tx, call, load(PlaceOrderSchema(), body), form)
        return _place_of(placed)

    def answered(placed: OrderView) -> Response:
        _refuse_if_dearer(placed, form)
        return _place_of(placed)

    def alone(patient: bool = True) -> Response:
        def work(tx: Session) -> Response:
            return idempotency.once(tx, keyed.owner, key, keyed.asked, call.now, lambda: effect(tx, patient))

        return run_tx(Login.REDEMPTION, work)

    try:
        if form.get("keep") == "1":
            answer = alone()
        else:
            language = str(get_locale())
            order = Order(call.member.member_id, keyed, False, language, call.now, whole, answered, alone)
            answer = place_together(gift_id, form.get("variant") or None, order)
        placed_at = answer.get_data(as_text=True)
        for order_id in unpaid:  # one at most; the order stands, whatever the payment provider says now
            page_of(order_id, call.now)
        return redirect(placed_at, 303)
    except (Conflict, Invalid, NotFound) as error:
        if isinstance(error, NotFound) and "variant" in (error.errors or {}):
            return _choose_again(gift_id)
        told = _gone(error) if isinstance(error, NotFound) else str(problem_of(error)["detail"])
        if told is None:
            raise
        flash(told, "error")
        errors = {} if isinstance(error, NotFound) else _errors(error.errors)
    again, wanted = max(1, quantity), form.get("variant")
    page_ = run_tx(Login.REDEMPTION, lambda tx: _confirm(call, tx, gift_id, again, wanted, errors=errors, form=form))
    return Response(page_, status=422 if errors else 409)


def _gone(error: MallError) -> str | None:
    """What was chosen of the page and is there no more: the page shows what there is, with all that was typed."""
    gone = {
        "pickup_point": _("This pickup point is closed. Please choose another."),
        "address": _("This address is no longer in your book. Please choose another."),
    }
    return next((str(gone[field]) for field in error.errors or {} if field in gone), None)


def _refuse_if_dearer(placed: OrderView, form: dict[str, str]) -> None:
    """Raise Conflict ``price_changed`` for an order that costs more than its form said, before it is kept.

    The price is never the form's: this only spares members what they have not seen.
    """
    for field, now in (("seen_points", placed.points), ("seen_cents", placed.cash.amount_cents if placed.cash else 0)):
        seen = form.get(field, "")
        if seen.isascii() and seen.isdecimal() and len(seen) <= 12 and now > int(seen):
            raise Conflict("price_changed")


def _place_of(placed: OrderView) -> Response:
    return Response(f"/orders/{placed.id}", content_type="text/plain")


def _body(gift_id: str, quantity: int, form: dict[str, str]) -> dict[str, Any]:
    body: dict[str, Any] = {"gift": gift_id, "quantity": quantity}
    body |= {name: form[name] for name in ("pickup_point", "variant") if form.get(name)}
    if "target" in form:
        body["target"] = form["target"]
    if form.get("address_id"):
        body["address"] = form["address_id"]
    elif any(name in form for name in ADDRESS_FIELDS):
        body["delivery"] = {name: form.get(name, "") for name in ADDRESS_FIELDS}
    return body


def _keep_address(tx: Session, call: Call, loaded: dict[str, Any], form: dict[str, str]) -> None:
    """Put the address into the member's book if asked to; a full book does not stand in an order's way."""
    if form.get("keep") == "1" and "delivery" in loaded and not call.member.restricted:
        with suppress(Conflict):
            add_address(tx, call.member.member_id, loaded["delivery"], call.now)


def _errors(messages: Any) -> dict[str, list[str]]:
    found = plain_errors(messages) if messages else {}
    return {name.removeprefix("delivery."): sentences for name, sentences in found.items()}
