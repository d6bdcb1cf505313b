"""Pages of the storefront: home, the mall, a gift, orders."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, flash, redirect, render_template, request
from flask_babel import get_locale
from sqlalchemy.orm import Session

from catalog.addresses.book import add_address, addresses_of
from catalog.announcements.read import banner
from catalog.causes.causes import find_cause
from catalog.drops.keep import next_releases
from catalog.gifts.queries import (
    MOST_COUNTED,
    SORTS,
    Shown,
    Wanted,
    count_gifts,
    find_shown,
    gifts_page,
    new_gifts,
    popular_gifts,
)
from catalog.gifts.shelves import pickup_points
from catalog.gifts.tags import headings
from catalog.payment.pages import page_of
from catalog.redemption.place import OrderRequest, place_order
from catalog.redemption.quote import quote
from catalog.redemption.together import Order, place_together
from catalog.redemption.views import OrderView
from catalog.routes.addresses import address_wire
from catalog.routes.cause_wire import cause_shown
from catalog.routes.draw_wire import drawn
from catalog.routes.orders import order_request, with_saved_address
from catalog.routes.outlook import days_ahead
from catalog.routes.schemas import PlaceOrderSchema
from catalog.routes.shown import card, drops_shown, gift_page_view, point_shown, quote_shown
from catalog.routes.wire import announcement_wire, category_wire
from catalog.wishes.wish import is_wished
from mall import clock
from mall.db import Login, run_tx
from mall.errors import Conflict, Invalid
from mall.http import idempotency
from mall.http.call import Call, load
from mall.http.ids import checked_id
from mall.http.page import page
from mall.http.principals import MEMBER, OPTIONAL_MEMBER, MemberPrincipal
from mall.http.problems import plain_errors, problem_of
from points.checkin.check_in import week
from points.earning.book_events import mall_zone
from points.viewer import Viewer, require_active, viewer

pages = Blueprint("storefront", __name__)
POPULAR_SHOWN = 8
NEW_SHOWN = 4
GIFTS_SHOWN = 20
ADDRESS_FIELDS = ("name", "phone", "address")
LONGEST_QUERY = 100


def _available(me: Viewer | None) -> int | None:
    return None if me is None else me.balance.available


@page(pages, "GET", "/", auth=OPTIONAL_MEMBER, login=Login.EARNING)
def home(call: Call) -> str:
    me = viewer(call.tx, call.principal, call.now)
    shown = popular_gifts(call.tx, POPULAR_SHOWN, call.now)
    fresh = new_gifts(call.tx, NEW_SHOWN, call.now, {one.gift.id for one in shown})
    check_in, who = None, None
    if isinstance(call.principal, MemberPrincipal):
        who = call.principal.member_id
        today = clock.local_date(call.now, mall_zone())
        check_in = week(call.tx, who, today)
    told = banner(call.tx, who, call.now)
    return render_template(
        "storefront/home.html",
        me=me,
        popular=[card(one, _available(me), call.now) for one in shown],
        new=[card(one, _available(me), call.now) for one in fresh],
        check_in=check_in,
        banner=told and announcement_wire(told),
    )


@page(pages, "GET", "/mall", auth=OPTIONAL_MEMBER, login=Login.REDEMPTION)
def mall(call: Call) -> str:
    me = viewer(call.tx, call.principal, call.now)
    asked = {name: typed_in(name) for name in ("category", "tag", "q", "sort")}
    sort = asked["sort"] if asked["sort"] in SORTS else "popular"
    wanted = Wanted(asked["category"], asked["q"], sort, available=_available(me), tag=asked["tag"])
    shown, cursor = gifts_page(call.tx, wanted, GIFTS_SHOWN, typed_in("cursor", 500), call.now)
    query = {name: value for name, value in asked.items() if value}
    shelves, tags = headings(call.tx)
    plain = not query and not request.args.get("cursor")
    fresh = new_gifts(call.tx, NEW_SHOWN, call.now) if plain else []
    return render_template(
        "storefront/mall.html",
        me=me,
        gifts=[card(one, _available(me), call.now) for one in shown],
        new=[card(one, _available(me), call.now) for one in fresh],
        categories=[category_wire(category) for category in shelves],
        tags=[category_wire(tag) for tag in tags],
        query=query,
        next_url=f"/mall?{urlencode({**query, 'cursor': cursor})}" if cursor else None,
        total=_total(call, wanted, len(shown), whole=cursor is None and not request.args.get("cursor")),
        most_counted=MOST_COUNTED,
    )


def _total(call: Call, wanted: Wanted, shown: int, *, whole: bool) -> int | None:
    """How many gifts a search found, None for many; ``whole``: all of them are on this page."""
    if wanted.q is None:
        return None
    return shown if whole else count_gifts(call.tx, wanted, call.now)


def typed_in(name: str, longest: int = LONGEST_QUERY) -> str | None:
    """A part of the query as text that the database takes; None without it."""
    text = request.args.get(name, "").replace("\0", "").strip()[:longest]
    return text.encode("utf-8", "ignore").decode() or None


@page(pages, "GET", "/gifts/<gift_id>", auth=OPTIONAL_MEMBER, login=Login.REDEMPTION)
def gift(call: Call, gift_id: str) -> str:
    me = viewer(call.tx, call.principal, call.now)
    shown = find_shown(call.tx, checked_id(gift_id), call.now)
    variant = _variant(shown, request.args.get("variant"))
    missing, refusals, ahead = 0, [], None
    if isinstance(call.principal, MemberPrincipal):
        offered = quote_shown(quote(call.tx, call.principal, OrderRequest(gift_id, 1, variant), call.now))
        missing, refusals = offered["missing_points"], offered["refusals"]
        ahead = days_ahead(call.principal, missing, call.now)
    coming = drops_shown(shown, next_releases(call.tx, gift_id, call.now, mall_zone()), call.now)
    return render_template(
        "storefront/gift.html",
        me=me,
        gift=gift_page_view(shown, list(pickup_points(call.tx)), _available(me), call.now, variant),
        drops=coming,
        gathering=next((f"/gifts/{gift_id}/queue?variant={drop['item']}" for drop in coming if drop["open"]), None),
        missing_points=missing,
        outlook=ahead,
        wished=isinstance(call.principal, MemberPrincipal) and is_wished(call.tx, call.principal.member_id, gift_id),
        can_choose_less=len(shown.variants) > 1 and me is not None and shown.gift.from_points <= me.balance.available,
        refusals=refusals,
        cause=given_cause(call.tx, shown.gift.cause_id),
        **drawn(call, call.tx, shown),
    )


def given_cause(tx: Session, cause_id: str | None) -> dict[str, Any] | None:
    """The cause that a donation goes to, as pages show it."""
    return None if cause_id is None else cause_shown(find_cause(tx, cause_id))


@page(pages, "GET", "/gifts/<gift_id>/redeem", auth=MEMBER, login=Login.REDEMPTION)
def redeem(call: Call, gift_id: str) -> str:
    quantity = max(1, _quantity(request.args.get("quantity", "1")))
    return _confirm(call, call.tx, gift_id, quantity, request.args.get("variant"))


def _variant(shown: Shown, wanted: str | None) -> str | None:
    """The id of the variant that a page is about, None for a gift without any."""
    chosen = shown.chosen(wanted)
    return chosen and chosen[0].id


def _quantity(text: str) -> int:
    """A quantity as it was typed; 0 when it is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 3 else 0


def _confirm(call: Call, tx: Session, gift_id: str, quantity: int, wanted: str | None, **typed: Any) -> str:
    shown = find_shown(tx, checked_id(gift_id), call.now)
    points = list(pickup_points(tx))
    variant = _variant(shown, wanted)
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


def saved_addresses(call: Call, tx: Session) -> list[dict[str, Any]]:
    """The addresses to choose from; none for a session that came by a login link."""
    if call.member.restricted:
        return []
    return [address_wire(saved) for saved in addresses_of(tx, call.member.member_id)]


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
    except (Conflict, Invalid) as error:
        flash(str(problem_of(error)["detail"]), "error")
        errors = _errors(error.errors)
    again, wanted = max(1, quantity), form.get("variant")
    page_ = run_tx(Login.REDEMPTION, lambda tx: _confirm(call, tx, gift_id, again, wanted, errors=errors, form=form))
    return Response(page_, status=422 if errors else 409)


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
