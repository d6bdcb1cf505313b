"""The way to a payment page and back: the button that asks for it once more, and where the provider sends who paid."""

from __future__ import annotations

from flask import Blueprint, flash, redirect
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from catalog.payment.pages import ask_at_once, page_of
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
    wanted = _own(call, order_id)
    if page_of(wanted, call.now) is None:
        flash(_("The payment page is not there yet. Please try again in a moment."), "warning")
    return redirect(f"/orders/{wanted}", 303)


@page(pages, "GET", "/orders/<order_id>/paid", auth=MEMBER, login=None)
def paid(call: Call, order_id: str) -> Redirect:
    """Where the provider sends who has paid: ask it at once, so that nobody is shown the button to pay again."""
    wanted = _own(call, order_id)
    if ask_at_once(wanted, call.now):
        flash(_("The payment is not confirmed yet. There is no need to pay again: it may take a minute."), "info")
    return redirect(f"/orders/{wanted}", 303)


def _own(call: Call, order_id: str) -> str:
    """The id of an order of the member's own. Raises NotFound."""
    wanted, member = checked_id(order_id), call.member.member_id
    run_tx(Login.REDEMPTION, lambda tx: order_view(tx, wanted, member, call.now, secrets=False))
    return wanted
