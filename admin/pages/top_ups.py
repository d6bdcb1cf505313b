"""Top-ups in the back office: those that wait for somebody to decide, and the rest."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from admin.pages.addresses import address_with
from admin.pages.blueprint import desk
from admin.pages.webhook_words import unsent_words
from admin.routes.top_ups import WORKERS, TopUpsQuery
from admin.top_ups import decide_and_note, top_ups_wire
from catalog.topups.states import State
from mall.db import Login
from mall.errors import Invalid
from mall.http.call import Call, read_query
from mall.http.ids import checked_id
from mall.http.page import page
from mall.http.principals import staff

pages = desk("top-ups", __name__)
HERE = "/admin/top-ups"
READERS = staff("fulfilment", "catalog", "auditor")
OUTCOMES = ("retry", "done", "refund")


@page(pages, "GET", "/top-ups", auth=READERS, login=Login.BACKOFFICE)
def top_ups(call: Call) -> str:
    """Those that are stuck first; the tabs show the others."""
    call.query = read_query(TopUpsQuery())
    state = call.query.setdefault("state", State.STUCK.value)
    shown = top_ups_wire(call)
    words = {
        State.STUCK: _("Need a decision"),
        State.WAITING: _("Being sent"),
        State.ACCEPTED: _("Accepted"),
        State.DONE: _("Done"),
        State.REFUSED: _("Refused"),
    }
    return render_template(
        "admin/top_ups.html",
        items=shown["items"],
        next_url=address_with(cursor=shown["next_cursor"]) if shown["next_cursor"] else None,
        tabs=[(one.value, text) for one, text in words.items()],
        addresses=[address_with(state=one.value) for one in words],
        state=state,
        problems=problem_words(),
        may_decide=WORKERS.opens_for(call.staff),
    )


def problem_words() -> dict[str, str]:
    """What went wrong, in words; everything else is a status of HTTP."""
    return {**unsent_words(), "not_understood": _("The answer was not understood")}


@page(
    pages, "POST", "/top-ups/<order_id>/decide", auth=WORKERS, login=Login.BACKOFFICE, idempotent=True,
    on_error=HERE,
)  # fmt: skip
def decide(call: Call, order_id: str) -> Redirect:
    """Try again, note that it was done by other means, or give the points back."""
    outcome, reason = request.form.get("outcome", ""), request.form.get("reason", "").strip()[:200]
    body: dict[str, Any] = {"outcome": outcome, "reason": "".join(char for char in reason if char >= " ")}
    if outcome not in OUTCOMES or not body["reason"]:
        raise Invalid({"reason": [_("Please say why.")]})
    decide_and_note(call, checked_id(order_id), body)
    flash(_("Decided."), "success")
    return redirect(HERE, 303)
