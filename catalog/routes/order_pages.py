"""Pages of a member's orders: the list, one of them, and taking it back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Redirect

from catalog.gifts.shelves import pickup_points
from catalog.redemption.advance import cancel_order
from catalog.redemption.lifecycle import SENT_KINDS
from catalog.redemption.views import order_view, orders_page
from catalog.routes.pages import given_cause, saved_addresses, typed_in
from catalog.routes.shown import order_row, order_shown, point_shown
from catalog.routes.wire import claim_wire
from mall.db import Login
from mall.http.call import Call
from mall.http.ids import checked_id
from mall.http.page import page
from mall.http.principals import MEMBER
from points.viewer import require_active, viewer

pages = Blueprint("storefront-orders", __name__)
ORDERS_SHOWN = 20
FRESH = timedelta(minutes=2)
"""How long an order counts as just placed."""


@page(pages, "GET", "/orders", auth=MEMBER, login=Login.REDEMPTION)
def orders(call: Call) -> str:
    status = "open" if request.args.get("status") == "open" else None
    shown, cursor = orders_page(
        call.tx, call.member.member_id, ORDERS_SHOWN, typed_in("cursor", 500), only_open=status is not None
    )
    query: dict[str, Any] = {"status": status} if status else {}
    return render_template(
        "storefront/orders.html",
        me=viewer(call.tx, call.principal, call.now),
        orders=[order_row(order) for order in shown],
        status=status,
        next_url=f"/orders?{urlencode({**query, 'cursor': cursor})}" if cursor else None,
    )


@page(pages, "GET", "/orders/<order_id>", auth=MEMBER, login=Login.REDEMPTION)
def order(call: Call, order_id: str) -> str:
    return order_page(call, call.tx, order_id)


def order_page(call: Call, tx: Session, order_id: str, **typed: Any) -> str:
    """An order's page; ``typed``: what the form of a prize was refused with."""
    restricted = call.member.restricted
    shown = order_view(tx, checked_id(order_id), call.member.member_id, call.now, secrets=not restricted)
    secret_kinds = (*SENT_KINDS, "pickup", "draw", "voucher", "virtual")
    claim = claim_wire(shown)
    collected = claim is not None and "pickup" in claim["ways"]
    return render_template(
        "storefront/order.html",
        me=viewer(tx, call.principal, call.now),
        order=order_shown(shown),
        claim_until=shown.claim_until if claim else None,
        addresses=saved_addresses(call, tx) if claim else [],
        may_keep=not restricted,
        pickup_points=[point_shown(point) for point in pickup_points(tx)] if collected else [],
        fresh=shown.placed_at > call.now - FRESH,
        hidden=restricted and shown.kind in secret_kinds,
        cause=given_cause(tx, shown.cause_id) if shown.status == "completed" else None,
        **typed,
    )


@page(
    pages, "POST", "/orders/<order_id>/cancel", auth=MEMBER, login=Login.REDEMPTION, idempotent=True,
    on_error="/orders/{order_id}",
)  # fmt: skip
def cancel(call: Call, order_id: str) -> Redirect:
    require_active(call.member)
    cancel_order(call.tx, call.member.member_id, checked_id(order_id), call.now)
    return redirect(f"/orders/{order_id}", 303)
