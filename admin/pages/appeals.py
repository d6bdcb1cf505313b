"""Appeals in the back office: debits that members may answer, and what staff decide."""

from __future__ import annotations

from flask import flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from admin.acting import acting
from admin.pages.blueprint import desk
from admin.pages.lists import list_query
from admin.people import names_of_staff
from admin.routes.appeals import EDITORS, READERS, AppealQuery
from admin.routes.awards import ReasonSchema
from catalog.wording import in_language
from mall.db import Login
from mall.http.call import Call, load
from mall.http.ids import checked_id
from mall.http.page import page
from mall.i18n import language
from points.earning.appeals import answer_of, appeal_page, uphold, waive
from points.earning.versions import rules

pages = desk("appeals", __name__)
HERE = "/admin/appeals"


@page(pages, "GET", "/appeals", auth=READERS, login=Login.EARNING)
def appeal_list(call: Call) -> str:
    """Announced debits, those that are open first; of whom stays between the member and the mall."""
    query, errors = list_query(AppealQuery())
    state = query.get("state") or "open"
    found = appeal_page(call.tx, state, query["limit"], query.get("cursor"))
    titles = {view.key: in_language(view.title, language()) for view in rules(call.tx, call.now)}
    items = [
        {"debit": debit, "title": titles.get(debit.rule_key, debit.rule_key), "answer": answer_of(debit)}
        for debit in found["items"]
    ]
    return render_template(
        "admin/appeals.html", items=items, state=state, next_cursor=found["next_cursor"], errors=errors,
        names=names_of_staff(call.tx), may_edit=EDITORS.opens_for(call.staff),
    )  # fmt: skip


@page(
    pages, "POST", "/appeals/<debit_id>/decide", auth=EDITORS, login=Login.EARNING, idempotent=True, on_error=HERE
)  # fmt: skip
def decide(call: Call, debit_id: str) -> Redirect:
    """Take the points now, or leave them to the member."""
    reason = load(ReasonSchema(), {"reason": request.form.get("reason", "").strip()})["reason"]
    if request.form.get("act") == "waive":
        waive(call.tx, checked_id(debit_id), reason, acting(call))
        flash(_("The points stay with the member."), "success")
    else:
        uphold(call.tx, checked_id(debit_id), reason, acting(call))
        flash(_("The points are taken."), "success")
    return redirect(HERE, 303)
