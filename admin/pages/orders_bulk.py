"""Many orders at once: one step for all that are ticked, the list to pick by, labels, and the list as a file."""

from __future__ import annotations

from flask import Response, flash, get_template_attribute, redirect, render_template, request
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Redirect

from admin.list_file import AT_ONCE, ListFile, Row, list_file
from admin.pages.blueprint import desk
from admin.pages.lists import back_to
from admin.pages.orders import kind_words, order_query, point_names
from admin.routes.orders import READERS, SEES_FIGURES, SEES_MEMBERS, WORKERS
from admin.routes.orders_bulk import ADVANCED, ALREADY, MOST, BulkSchema, Outcome, advance_many
from catalog.fulfilment.picking import MOST as MOST_LISTED
from catalog.fulfilment.picking import labels_of, orders_to_pick, totals_of
from catalog.redemption.lifecycle import Status
from catalog.redemption.models import Order
from catalog.redemption.staff_views import staff_orders
from catalog.routes.ids import checked_id
from catalog.routes.wire import language
from catalog.wording import in_language
from mall.db import Login, run_autocommit
from mall.errors import Invalid
from mall.http.call import Call, load
from mall.http.page import page
from mall.http.problems import sentence_of
from mall.qr import qr_svg
from points.earning.book_events import mall_zone

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


@page(pages, "GET", "/orders-file", auth=READERS, login=Login.BACKOFFICE)
def orders_as_file(call: Call) -> Response:
    """The list with its filters; ``format``: csv or xlsx. Addresses are in the list of parcels only."""
    query, errors, wanted = order_query()
    if errors:
        raise Invalid(errors)
    figures, members = call.staff.role in SEES_FIGURES, call.staff.role in SEES_MEMBERS
    order_name, reader = get_template_attribute("admin/words.html", "order_name"), language()
    kinds, states = kind_words(), {status.value: str(order_name(status.value)) for status in Status}
    points, zone = point_names(call.tx), mall_zone()
    headings = [
        _("Order number"), _("Gift"), _("Variant"), _("Pieces"), _("Kind"), _("Pickup point"), _("State"),
        _("Placed on"), _("Tracking number"), *([_("Points")] if figures else []), *([_("Member")] if members else []),
    ]  # fmt: skip

    def portion(tx: Session, cursor: str | None) -> tuple[list[Row], str | None]:
        orders, following = staff_orders(tx, wanted, AT_ONCE, cursor)
        rows: list[Row] = [
            [
                order.number, in_language(order.gift_name, reader), in_language(order.variant_name, reader),
                order.quantity, kinds[order.kind], points.get(order.pickup_point_id or "", ""), states[order.status],
                order.placed_at.astimezone(zone).isoformat(timespec="seconds"), order.tracking or "",
                *([order.points] if figures else []), *([order.member_id] if members else []),
            ]
            for order in orders
        ]  # fmt: skip
        return rows, following

    file = ListFile(f"orders-{call.now:%Y%m%d}", _("Orders"), headings, portion)
    return list_file(call, file, request.args.get("format", "csv"), "orders.exported", "orders", query)


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


@page(pages, "GET", "/parcel-labels", auth=WORKERS, login=Login.BACKOFFICE)
def parcel_labels(call: Call) -> str:
    """Labels of the parcels that wait, to print; ``order`` (several): of these. Reading addresses is noted."""
    ids = [checked_id(one) for one in request.args.getlist("order")[:MOST]]
    reader = language()
    labels = labels_of(call.tx, ids or None, call.staff.name, call.now, call.request_id)
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
