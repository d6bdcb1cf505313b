"""Many orders at once: one step for all that are ticked, the list to pick by, labels, and the list as a file."""

from __future__ import annotations

from typing import Any

import segno
from flask import Response, flash, get_template_attribute, redirect, render_template, request
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Redirect

from admin.list_file import AT_ONCE, ListFile, Row, list_file
from admin.pages.blueprint import desk
from admin.pages.orders import order_query
from admin.routes.orders import READERS, SEES_FIGURES, SEES_MEMBERS, WORKERS
from admin.routes.orders_bulk import ADVANCED, ALREADY, MOST, BulkSchema, Outcome, advance_many
from catalog.fulfilment.picking import labels_of, orders_to_pick, totals_of
from catalog.gifts.shelves import pickup_points
from catalog.redemption.lifecycle import Status
from catalog.redemption.models import Order
from catalog.redemption.staff_views import staff_orders
from catalog.routes.ids import checked_id
from catalog.routes.wire import language
from catalog.wording import in_language
from mall.db import Login, run_autocommit
from mall.errors import Invalid
from mall.http.call import Call, load
from mall.http.page import page, safe_path
from mall.http.problems import problem_of

pages = desk("orders-in-bulk", __name__)
HERE = "/admin/orders"


def _text(wording: Any) -> str:
    return in_language(wording, language()) if wording else ""


def _back() -> str:
    target = safe_path(request.form.get("back"), HERE)
    return target if target == HERE or target.startswith(f"{HERE}?") else HERE


@page(pages, "POST", "/orders-in-bulk", auth=WORKERS, login=None, on_error=HERE)
def advance_orders(call: Call) -> str | Redirect:
    """The step for every ticked order; what became of each is told."""
    orders, given = request.form.getlist("orders"), {"to": request.form.get("to", "")}
    if not orders:
        raise Invalid({"orders": [_("Tick the orders first.")]})
    if len(orders) > MOST:
        raise Invalid({"orders": [_("At most %(count)s at once.", count=MOST)]})
    if reason := request.form.get("reason", "").strip():
        given["reason"] = reason
    body = load(BulkSchema(), {"orders": orders, **given})
    if body["to"] == Status.CANCELLED and "reason" not in body:
        raise Invalid({"reason": [_("Say why: the member is told.")]})
    outcomes = advance_many(call, body["orders"], body)
    refused = [one for one in outcomes if one.error is not None]
    done = sum(one.result == ADVANCED for one in outcomes)
    if refused:
        return run_autocommit(Login.BACKOFFICE, lambda tx: _told(tx, outcomes, done))
    flash(_("Orders moved on: %(count)s.", count=done), "success")
    return redirect(_back(), 303)


def _told(tx: Session, outcomes: list[Outcome], done: int) -> str:
    numbers = {row[0]: row[1] for row in tx.execute(
        select(Order.id, Order.number).where(Order.id.in_([one.order_id for one in outcomes]))
    )}  # fmt: skip
    told = []
    for one in outcomes:
        problem = problem_of(one.error) if one.error else None
        why = str(problem.get("detail") or problem["title"]) if problem else ""
        told.append({
            "id": one.order_id if one.order_id in numbers else None, "number": numbers.get(one.order_id, one.order_id),
            "why": why, "result": one.result,
        })  # fmt: skip
    return render_template("admin/orders_bulk.html", told=told, done=done, already=ALREADY, back=_back())


@page(pages, "GET", "/orders-file", auth=READERS, login=Login.BACKOFFICE)
def orders_as_file(call: Call) -> Response:
    """The list with its filters; ``format``: csv or xlsx. Addresses are in the list of parcels only."""
    _query, errors, wanted = order_query()
    if errors:
        raise Invalid(errors)
    figures, members = call.staff.role in SEES_FIGURES, call.staff.role in SEES_MEMBERS
    kind_name, order_name = (get_template_attribute("admin/words.html", name) for name in ("kind_name", "order_name"))
    kinds = {kind: str(kind_name(kind)) for kind in ("delivery", "pickup", "voucher", "virtual", "donation", "draw")}
    states = {status.value: str(order_name(status.value)) for status in Status}
    points, reader = {one.id: _text(one.name) for one in pickup_points(call.tx, all_of_them=True)}, language()
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
                order.placed_at.isoformat(timespec="seconds"), order.tracking or "",
                *([order.points] if figures else []), *([order.member_id] if members else []),
            ]
            for order in orders
        ]  # fmt: skip
        return rows, following

    file = ListFile(f"orders-{call.now:%Y%m%d}", _("Orders"), headings, portion)
    return list_file(call, file, request.args.get("format", "csv"), "orders.exported", "orders", wanted)


@page(pages, "GET", "/picking-list", auth=WORKERS, login=Login.BACKOFFICE)
def picking_list(call: Call) -> str:
    """What to take from the shelves, to print. ``kind`` and ``point`` narrow it."""
    points = {one.id: _text(one.name) for one in pickup_points(call.tx, all_of_them=True)}
    kind, point = request.args.get("kind"), request.args.get("point")
    kind = kind if kind in ("delivery", "pickup", "draw") else None
    orders = orders_to_pick(call.tx, kind, point if point in points else None)
    listed = [
        {"order": one, "gift": _text(one.gift_name), "variant": _text(one.variant_name),
         "point": points.get(one.pickup_point_id or "", "")}
        for one in orders
    ]  # fmt: skip
    totals = [
        {"gift": _text(one.gift_name), "variant": _text(one.variant_name), "pieces": one.pieces, "orders": one.orders}
        for one in totals_of(orders)
    ]
    return render_template(
        "admin/picking_list.html", orders=listed, totals=totals, points=points, query={"kind": kind, "point": point},
        now=call.now,
    )  # fmt: skip


@page(pages, "GET", "/parcel-labels", auth=WORKERS, login=Login.BACKOFFICE)
def parcel_labels(call: Call) -> str:
    """Labels of the parcels that wait, to print; ``order`` (several): of these. Reading addresses is noted."""
    ids = [checked_id(one) for one in request.args.getlist("order")[:MOST]]
    labels = labels_of(call.tx, ids or None, call.staff.name, call.now, call.request_id)
    shown = [
        {"label": one, "gift": _text(one.gift_name), "variant": _text(one.variant_name), "qr": _qr(one.number)}
        for one in labels
    ]
    return render_template("admin/parcel_labels.html", labels=shown)


def _qr(number: str) -> Markup:
    # segno writes digits and paths of its own making: nothing here comes from a person.
    return Markup(segno.make(number, micro=False).svg_inline(border=1, omitsize=True, light="#fff"))  # noqa: S704
