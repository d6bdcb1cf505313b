"""Many orders at once: one step for all that are ticked, the list to pick by, and labels."""

from __future__ import annotations

from flask import flash, redirect, render_template, request
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Redirect

from admin.acting import traced
from admin.orders import ADVANCED, ALREADY, Outcome, advance_many
from admin.pages.blueprint import desk
from admin.pages.lists import back_to
from admin.pages.orders import kind_words, point_names
from admin.routes.orders import WORKERS
from admin.routes.orders_bulk import MOST, BulkSchema
from catalog.fulfilment.picking import MOST as MOST_LISTED
from catalog.fulfilment.picking import labels_of, orders_to_pick, totals_of
from catalog.redemption.models import Order
from catalog.wording import in_language
from mall.db import Login, run_autocommit
from mall.errors import Invalid
from mall.http.call import Call, load
from mall.http.ids import checked_id
from mall.http.page import page
from mall.http.principals import fresh
from mall.http.problems import sentence_of
from mall.i18n import language
from mall.qr import qr_svg

pages = desk("orders-in-bulk", __name__)
HERE = "/admin/orders"


@page(pages, "POST", "/orders-in-bulk", auth=WORKERS, login=None, on_error=HERE)
def advance_orders(call: Call) -> str | Redirect:
    """The step for every ticked order; what became of each is told."""
    orders, reason = request.form.getlist("orders"), request.form.get("reason", "").strip()
    if not orders:
        raise Invalid({"orders": [_("Tick the orders first.")]})
    given = {"orders": orders, "to": request.form.get("to", ""), **({"reason": reason} if reason else {})}
    body = load(BulkSchema(), given)
    outcomes = advance_many(call, body["orders"], body)
    refused = [one for one in outcomes if one.error is not None]
    done = sum(one.result == ADVANCED for one in outcomes)
    if refused:
        return run_autocommit(Login.BACKOFFICE, lambda tx: _told(tx, outcomes, done))
    flash(_("Orders moved on: %(count)s.", count=done), "success")
    return redirect(back_to(HERE), 303)


def _told(tx: Session, outcomes: list[Outcome], done: int) -> str:
    numbers = {row[0]: row[1] for row in tx.execute(
        select(Order.id, Order.number).where(Order.id.in_([one.order_id for one in outcomes]))
    )}  # fmt: skip
    told = [
        {
            "id": one.order_id if one.order_id in numbers else None, "number": numbers.get(one.order_id, one.order_id),
            "why": sentence_of(one.error) if one.error else "", "result": one.result,
        }
        for one in outcomes
    ]  # fmt: skip
    return render_template("admin/orders_bulk.html", told=told, done=done, already=ALREADY, back=back_to(HERE))


@page(pages, "GET", "/picking-list", auth=WORKERS, login=Login.BACKOFFICE)
def picking_list(call: Call) -> str:
    """What to take from the shelves, to print. ``kind`` and ``point`` narrow it."""
    points, reader = point_names(call.tx), language()
    kind, point = request.args.get("kind"), request.args.get("point")
    kind = kind if kind in ("delivery", "pickup", "draw", "prize") else None
    orders = orders_to_pick(call.tx, kind, point if point in points else None)
    listed = [
        {"order": one, "gift": in_language(one.gift_name, reader), "variant": in_language(one.variant_name, reader),
         "point": points.get(one.pickup_point_id or "", "")}
        for one in orders
    ]  # fmt: skip
    totals = [
        {
            "gift": in_language(one.gift_name, reader),
            "variant": in_language(one.variant_name, reader),
            "pieces": one.pieces,
            "orders": one.orders,
        }
        for one in totals_of(orders)
    ]
    return render_template(
        "admin/picking_list.html", orders=listed, totals=totals, points=points, query={"kind": kind, "point": point},
        now=call.now, kinds=kind_words(), cut=len(orders) == MOST_LISTED, most=MOST_LISTED,
    )  # fmt: skip


@page(pages, "GET", "/parcel-labels", auth=fresh(WORKERS), login=Login.BACKOFFICE)
def parcel_labels(call: Call) -> str:
    """Labels of the parcels that wait, to print; ``order`` (several): of these. Reading addresses is noted."""
    ids = [checked_id(one) for one in request.args.getlist("order")[:MOST]]
    reader = language()
    labels = labels_of(call.tx, ids or None, *traced(call))
    shown = [
        {
            "label": one,
            "gift": in_language(one.gift_name, reader),
            "variant": in_language(one.variant_name, reader),
            "qr": qr_svg(one.number, border=1, light="#fff"),
        }
        for one in labels
    ]
    return render_template("admin/parcel_labels.html", labels=shown, cut=len(labels) == MOST_LISTED, most=MOST_LISTED)
