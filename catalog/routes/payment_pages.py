"""The button that asks for a payment page once more."""

from __future__ import annotations

from flask import Blueprint, flash, redirect
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from catalog.payment.pages import page_of
from catalog.redemption.views import order_view
from mall.db import Login, run_tx
from mall.http.call import Call
from mall.http.ids import checked_id
from mall.http.page import page
from mall.http.principals import MEMBER
from points.viewer import require_active

pages = Blueprint("payment_pages", __name__)


@page(pages, "POST", "/orders/<order_id>/pay", auth=MEMBER, login=None, on_error="/orders/{order_id}")
def pay(call: Call, order_id: str) -> Redirect:
    """Ask for the page at once; the order then shows the way there, or says that it takes a little longer.

    The way is a link, not the answer of this form: forms of the mall lead nowhere else (Content-Security-Policy).
    """
    require_active(call.member)
    member, wanted = call.member.member_id, checked_id(order_id)
    run_tx(Login.REDEMPTION, lambda tx: order_view(tx, wanted, member, call.now, secrets=False))  # only one's own
    if page_of(wanted, call.now) is None:
        flash(_("The payment page is not there yet. Please try again in a moment."), "warning")
    return redirect(f"/orders/{wanted}", 303)
