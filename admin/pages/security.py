"""Security and approvals: what owners decide about signing in, and for what a second person is needed, on one page."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Response, flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from admin.acting import acting
from admin.pages.blueprint import desk
from admin.pages.forms import attempt, shown_again, whole_typed
from admin.routes.security import OWNER, READERS, AdjustmentLimitsInSchema
from catalog.redemption.policy import read_policy
from mall.db import Login
from mall.http.call import Call, load
from mall.http.page import page
from mall.http.principals import OWNER_ROLE
from mall.identity.staff_security import otp_required, require_otp, without_authenticator
from points.adjustments.limits import Limits, change_limits, read_limits
from points.earning.versions import controls

pages = desk("security", __name__)
HERE = "/admin/security"
LIMITS = ("most_points", "month_points", "owner_above_points")


def _values(call: Call) -> dict[str, Any]:
    return {
        "otp_required": otp_required(call.tx), "without": without_authenticator(call.tx),
        "own": call.staff.enrolled, "controls": controls(call.tx), "policy": read_policy(call.tx),
        "may_edit": call.staff.role == OWNER_ROLE,
    }  # fmt: skip


@page(pages, "GET", "/security", auth=READERS, login=Login.BACKOFFICE)
def security_page(call: Call) -> str:
    """Everything in force."""
    return render_template("admin/security.html", form=asdict(read_limits(call.tx)), errors={}, **_values(call))


@page(pages, "POST", "/security/authenticators", auth=OWNER, login=Login.BACKOFFICE, on_error=HERE)
def save_authenticators(call: Call) -> Redirect:
    """Whether everybody must have an authenticator."""
    required = request.form.get("otp_required") == "1"
    require_otp(call.tx, required, call.staff.staff_id, call.now, call.request_id)
    flash(_("Everybody needs an authenticator now.") if required else _("An authenticator is a choice now."), "success")
    return redirect(HERE, 303)


@page(pages, "POST", "/security/adjustments", auth=OWNER, login=Login.BACKOFFICE)
def save_adjustment_limits(call: Call) -> Response | Redirect:
    """The limits on points moved by hand; empty: none."""

    def work() -> Limits:
        typed = {name: request.form.get(name, "").strip() for name in LIMITS}
        given = {name: whole_typed(text, 14) if text else None for name, text in typed.items()}
        return change_limits(call.tx, Limits(**load(AdjustmentLimitsInSchema(), given)), acting(call))

    _done, error = attempt(call.tx, work)
    if error is not None:
        return shown_again("admin/security.html", error, **_values(call))
    flash(_("Saved."), "success")
    return redirect(HERE, 303)
