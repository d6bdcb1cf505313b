"""Giving points and cash of an order back at the orders desk: all that is left, some pieces, or an amount."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from admin.orders import refund_as_staff
from admin.pages.blueprint import desk
from admin.pages.cash import cents_typed
from admin.pages.forms import done_once, number_of, page_again
from admin.pages.orders import order_as_page
from admin.routes.refunds import REFUNDERS, OrderRefundSchema
from catalog.payment.configured import mall_currency
from mall.errors import Invalid
from mall.http.call import Call, load
from mall.http.ids import checked_id
from mall.http.page import page
from mall.identity.forms import messages_of

pages = desk("order-refunds", __name__)
SHARES = ("all", "quantity", "points", "cash")


@page(pages, "POST", "/orders/<order_id>/refund", auth=REFUNDERS, login=None)
def refund_at_desk(call: Call, order_id: str) -> Response | Redirect:
    """The API's refund, once for each hidden key. A refusal shows the order with the form as it was filled in."""
    order_id, form = checked_id(order_id), request.form.to_dict()

    def give_back(within: Call) -> None:
        refund_as_staff(within.tx, within, order_id, load(OrderRefundSchema(), _body(form)))

    if error := done_once(call, give_back):
        errors = messages_of(error, "form")
        if "reason" in errors:
            errors["why"] = errors.pop("reason")  # another form of the page has a field of that name
        return page_again(call, error, lambda within: order_as_page(within, order_id, errors=errors, form=form))
    flash(_("Given back."), "success")
    return redirect(f"/admin/orders/{order_id}", 303)


def _body(sent: dict[str, str]) -> dict[str, Any]:
    """The form as the API's body: of the figures only the one that was chosen, and cash besides."""
    share = sent.get("share", "")
    if share not in SHARES:
        raise Invalid({"share": [_("Please choose one.")]})
    body: dict[str, Any] = {"restock": sent.get("restock") == "1"}
    if sent.get("why", "").strip():
        body["reason"] = sent["why"].strip()
    if share in ("quantity", "points"):
        if not sent.get(share, "").strip():
            raise Invalid({share: [_("Please say how many.")]})
        body[share] = number_of(sent[share])
    cash = cents_typed("cash", sent.get("cash", ""), mall_currency())
    if share == "cash" and not cash:
        raise Invalid({"cash": [_("Please say how much.")]})
    return body if cash is None else {**body, "cash": cash}
