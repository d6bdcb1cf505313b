"""The orders desk: queues by status, one order with its history, and the steps that its lifecycle allows."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, get_template_attribute, redirect, render_template, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Redirect

from admin.orders import SEES_ADDRESSES, SEES_FIGURES, SEES_MEMBERS, advance_as_staff
from admin.pages.blueprint import desk
from admin.pages.forms import FORM_ERROR, done_once, page_again
from admin.pages.lists import Errors, day_start_of, list_query
from admin.people import names_of_staff, nicknames_of
from admin.routes.orders import (
    READERS,
    WORKERS,
    AdvanceSchema,
    OrdersQuery,
    orders_wanted,
)
from admin.routes.orders_bulk import STEPS
from admin.routes.refunds import REFUNDERS
from catalog.fulfilment.carriers import CARRIERS
from catalog.gifts.models import Gift
from catalog.gifts.shelves import pickup_points
from catalog.payment.due import staff_payment
from catalog.redemption.lifecycle import ORDER_KINDS, OVER, REFUNDABLE, SENT_KINDS, Status
from catalog.redemption.staff_views import count_by_status, staff_order, staff_orders
from catalog.routes.wire import reason_words
from catalog.wording import in_language
from mall.db import Login
from mall.errors import Invalid
from mall.http.call import Call, load
from mall.http.fields import Text
from mall.http.ids import checked_id
from mall.http.page import page
from mall.i18n import language
from mall.identity.forms import messages_of

pages = desk("orders", __name__)
TO_DO = ("placed", "confirmed", "awaiting_claim", "preparing", "ready_for_pickup", "shipped", "issued", "returned")
"""Queues in which something is left to do, as they follow each other."""
BACK = (Status.CANCELLED, Status.RETURNED)
"""Steps back, of which the member is told why."""


def _text(wording: Any) -> str:
    return in_language(wording, language())


def kind_words() -> dict[str, str]:
    """Kinds of orders in the reader's words."""
    kind_name = get_template_attribute("admin/words.html", "kind_name")
    return {kind: str(kind_name(kind)) for kind in ORDER_KINDS}


def point_names(tx: Session) -> dict[str, str]:
    """Pickup points in the reader's language, closed ones too."""
    return {point.id: _text(point.name) for point in pickup_points(tx, all_of_them=True)}


class OrdersPageQuery(OrdersQuery):
    """``from`` and ``until`` are days, both included."""

    since = Text(1, 10, data_key="from")
    until = Text(1, 10)


def order_query() -> tuple[dict[str, Any], Errors, dict[str, Any]]:
    """The query of the list as typed, what is wrong in it, and what it asks of ``staff_orders``.

    A queue shows the longest waiting first unless something else is asked for.
    """
    query, errors = list_query(OrdersPageQuery())
    wanted = orders_wanted(query)
    wanted["since"] = day_start_of(query.get("since"), "from", errors)
    wanted["until"] = day_start_of(query.get("until"), "until", errors, end=True)
    if query.get("order") is None:
        wanted["oldest"] = query.get("status") in TO_DO
    return query, errors, wanted


@page(pages, "GET", "/orders", auth=READERS, login=Login.BACKOFFICE)
def order_list(call: Call) -> str:
    """A queue, by default what is to be done first."""
    query, errors, wanted = order_query()
    counts = count_by_status(call.tx)
    orders, next_cursor = staff_orders(call.tx, wanted, query["limit"], query.get("cursor"))
    listed = [
        {"order": order, "gift": _text(order.gift_name), "variant": _text(order.variant_name)} for order in orders
    ]
    points = point_names(call.tx)
    works = WORKERS.opens_for(call.staff)
    steps = {step for order in orders for step in order.allowed} if works else set()
    gift = call.tx.get(Gift, query["gift"]) if query.get("gift") else None
    return render_template(
        "admin/orders.html", orders=listed, next_cursor=next_cursor, query=query, errors=errors, counts=counts,
        queues=TO_DO, points=points, sees_figures=call.staff.role in SEES_FIGURES, works=works, kinds=kind_words(),
        steps=[step.value for step in STEPS if step in steps], oldest=wanted["oldest"],
        gift=_text(gift.name) if gift else None, here=request.full_path.rstrip("?"),
    )  # fmt: skip


@page(pages, "GET", "/orders/<order_id>", auth=READERS, login=Login.BACKOFFICE)
def order_page(call: Call, order_id: str) -> str:
    """One order: what, where to, what has happened and what may be done."""
    return order_as_page(call, order_id)


def order_as_page(call: Call, order_id: str, **typed: Any) -> str:
    """An order's page; ``typed``: what a form on it was refused with."""
    role = call.staff.role
    order = staff_order(call.tx, checked_id(order_id), with_address=role in SEES_ADDRESSES)
    points = point_names(call.tx)
    allowed = order.allowed if WORKERS.opens_for(call.staff) else []
    history = [
        {
            "status": status,
            "at": at,
            "reason": reason and reason_words(reason),
            "member": actor.startswith("member:"),
            "actor": actor,
        }
        for status, at, actor, reason in order.history
    ]
    refunds = order.status in REFUNDABLE and REFUNDERS.opens_for(call.staff)
    return render_template(
        "admin/order.html", order=order, gift=_text(order.gift_name), variant=_text(order.variant_name),
        point=points.get(order.pickup_point_id or ""), allowed=allowed, history=history,
        names=names_of_staff(call.tx), sees_figures=role in SEES_FIGURES, sees_members=role in SEES_MEMBERS,
        called=nicknames_of(call.tx, [order.member_id] if role in SEES_MEMBERS else []),
        over=order.status in OVER, carriers=[(one.code, _text(one.name)) for one in CARRIERS],
        payment=staff_payment(call.tx, order.id, figures=role in SEES_FIGURES), refunds=refunds,
        forward=[step for step in allowed if step not in (*BACK, Status.REFUNDED)],
        back=[step for step in allowed if step in BACK],
        can_restock=order.kind in (*SENT_KINDS, "pickup"), **typed,
    )  # fmt: skip


@page(pages, "POST", "/orders/<order_id>/advance", auth=WORKERS, login=None)
def advance_order(call: Call, order_id: str) -> Response | Redirect:
    """The same step as the API's, once for each hidden key. A refusal shows the order with what was typed; a step back
    needs a reason, which the API leaves to its caller."""
    order_id, form = checked_id(order_id), request.form.to_dict()
    given = {name: form.get(name, "").strip() for name in ("to", "tracking", "carrier", "reason")}

    def advance(within: Call) -> None:
        if given["to"] in BACK and not given["reason"]:
            raise Invalid({"reason": [_("Say why: the member is told.")]})
        body = load(AdvanceSchema(), {name: text for name, text in given.items() if text})
        advance_as_staff(within.tx, within, order_id, body)

    if error := done_once(call, advance):
        errors = messages_of(error, FORM_ERROR)
        return page_again(call, error, lambda within: order_as_page(within, order_id, errors=errors, form=form))
    flash(_("Done."), "success")
    return redirect(f"/admin/orders/{order_id}", 303)
