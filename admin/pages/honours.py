"""Commendations in the back office."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from admin.acting import acting
from admin.pages.blueprint import desk
from admin.pages.forms import attempt, shown_again
from admin.people import nicknames_of
from admin.routes.honours import EDITORS, MOST_TEXT, READERS, NewCommendationSchema
from catalog.wording import wording
from mall.db import Login
from mall.http.call import Call, load
from mall.http.page import page
from points.honours.commend import commend, commendations_page, retract
from points.standing.levels import worded

pages = desk("honours", __name__)
URL = "/admin/honours"
TEMPLATE = "admin/honours.html"
SHOWN = 100


@page(pages, "GET", "/honours", auth=READERS, login=Login.BACKOFFICE)
def honour_list(call: Call) -> str:
    """The newest commendations, and the form for another."""
    return render_template(TEMPLATE, form={"member": request.args.get("member", "")}, errors={}, **_around(call))


@page(pages, "POST", "/honours", auth=EDITORS, login=Login.BACKOFFICE, on_error=URL)
def new_commendation(call: Call) -> Response | Redirect:
    """Offer one."""
    form = request.form
    words = {language: form.get(f"text.{language}", "") for language in ("zh", "en")}

    def work() -> None:
        given = {language: text for language, text in words.items() if text.strip()}
        body = load(NewCommendationSchema(), {"member": form.get("member", ""), "text": given})
        commend(call.tx, body["member"], wording(body["text"]), acting(call))

    _nothing, error = attempt(call.tx, work)
    if error is None:
        flash(_("Offered: it is shown once the member agrees."), "success")
        return redirect(URL, 303)
    return shown_again(TEMPLATE, error, **_around(call))


@page(pages, "POST", "/honours/<commendation_id>/retract", auth=EDITORS, login=Login.BACKOFFICE, on_error=URL)
def retract_commendation(call: Call, commendation_id: str) -> Redirect:
    """Take one back."""
    retract(call.tx, commendation_id, acting(call))
    flash(_("Taken back: nobody sees it any more."), "success")
    return redirect(URL, 303)


def _around(call: Call) -> dict[str, Any]:
    rows = commendations_page(call.tx, SHOWN, None)["items"]
    return {
        "called": nicknames_of(call.tx, [row.member_id for row in rows]),
        "rows": [{"row": row, "text": worded(row.words)} for row in rows], "most": MOST_TEXT,
        "may_edit": EDITORS.opens_for(call.staff),
    }  # fmt: skip
