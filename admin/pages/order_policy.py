"""From what price on staff look at an order first: the owner's limit."""

from __future__ import annotations

from flask import Response, flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from admin.acting import traced
from admin.pages.blueprint import desk
from admin.pages.forms import attempt, shown_again, whole_typed
from admin.routes.refunds import OWNER, READERS, RedemptionPolicySchema
from catalog.redemption.policy import Policy, change_policy, read_policy
from mall.db import Login
from mall.http.call import Call, load
from mall.http.page import page
from mall.http.principals import OWNER_ROLE, fresh

pages = desk("order-policy", __name__)
HERE = "/admin/order-policy"
FIELD = "approval_above_points"


@page(pages, "GET", "/order-policy", auth=READERS, login=Login.BACKOFFICE)
def policy_page(call: Call) -> str:
    """The limit in force."""
    form = {FIELD: read_policy(call.tx).approval_above_points}
    return render_template("admin/order_policy.html", form=form, errors={}, may_edit=call.staff.role == OWNER_ROLE)


@page(pages, "POST", "/order-policy", auth=fresh(OWNER), login=Login.BACKOFFICE)
def save_policy(call: Call) -> Response | Redirect:
    """Set it; empty: only as the gift says."""

    def work() -> Policy:
        text = request.form.get(FIELD, "").strip()
        wanted = Policy(load(RedemptionPolicySchema(), {FIELD: whole_typed(text, 14) if text else None})[FIELD])
        return change_policy(call.tx, wanted, *traced(call))

    _done, error = attempt(call.tx, work)
    if error is not None:
        return shown_again("admin/order_policy.html", error, may_edit=True)
    flash(_("Saved."), "success")
    return redirect(HERE, 303)
