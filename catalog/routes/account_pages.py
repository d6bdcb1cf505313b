"""Pages about a member's data: what is kept, taking it along, and leaving."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, session
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from catalog.account.leave import leave
from mall.db import Login
from mall.http.call import Call
from mall.http.page import page
from mall.http.principals import MEMBER, PUBLIC
from mall.identity.step_up import is_recent, require_recent
from points.ledger.queries import balance

pages = Blueprint("account_pages", __name__)
LEAVE = "/me/leave"


@page(pages, "GET", "/privacy", auth=PUBLIC, login=None)
def privacy(call: Call) -> str:
    """What is kept, for how long, and who sees it; true to the code, in plain words."""
    return render_template("storefront/privacy.html")


@page(pages, "GET", "/me/data", auth=MEMBER, login=Login.REDEMPTION)
def my_data(call: Call) -> str:
    """Taking the data along, and the way out."""
    return render_template("storefront/my_data.html", restricted=call.member.restricted)


@page(pages, "GET", LEAVE, auth=MEMBER, login=Login.REDEMPTION)
def leave_page(call: Call) -> str | Redirect:
    """What leaving means. Asks for the password first, so that a phone left lying about closes no account."""
    if not is_recent(call.member, call.now):
        return redirect(f"/me/confirm?next={LEAVE}", 303)
    left = balance(call.tx, call.member.member_id, call.now)
    return render_template("storefront/leave.html", points=left.available + left.pending)


@page(pages, "POST", LEAVE, auth=MEMBER, login=Login.REDEMPTION, on_error=LEAVE)
def leave_now(call: Call) -> Redirect:
    """Close the account."""
    require_recent(call.member, call.now)
    if request.form.get("sure") != "1":
        flash(_("Tick the box first: this cannot be undone."), "error")
        return redirect(LEAVE, 303)
    leave(call.tx, call.member.member_id, call.now, call.request_id)
    session.clear()
    flash(_("Your account is closed. Thank you for everything you did for the community."), "success")
    return redirect("/", 303)
