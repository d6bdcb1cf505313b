"""What waits for a second person: rule versions to approve, awards to confirm."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from admin.acting import acting
from admin.pages.blueprint import desk
from admin.pages.lists import list_query
from admin.pages.people import names_of_staff
from admin.routes.awards import EDITORS, READERS, AwardQuery, ReasonSchema
from catalog.routes.ids import checked_id
from catalog.routes.wire import language
from catalog.wording import in_language
from mall.db import Login
from mall.http.call import Call, load
from mall.http.page import page
from points.earning.award_decisions import Decision, decide_award
from points.earning.award_lists import AwardFilter, award_page, waiting_ids
from points.earning.explain import Line
from points.earning.explain_display import localized
from points.earning.versions import rules, version

pages = desk("approvals", __name__)


@page(pages, "GET", "/approvals", auth=READERS, login=Login.EARNING)
def inbox(call: Call) -> str:
    """Rule versions and awards that somebody has to decide on."""
    query, errors = list_query(AwardQuery())
    listed = rules(call.tx, call.now)
    titles = {view.key: in_language(view.title, language()) for view in listed}
    versions = [
        {"view": version(call.tx, view.key, view.open_version, call.now), "title": titles[view.key]}
        for view in listed
        if view.open_version is not None and view.open_state in ("submitted", "approved")
    ]
    wanted = AwardFilter("pending", query.get("rule"))
    found = award_page(call.tx, wanted, query["limit"], query.get("cursor"), call.now)
    awards: list[dict[str, Any]] = [
        {"award": award, "title": titles.get(award.rule_key, award.rule_key),
         "lines": [localized(Line.read(line)) for line in award.explanation]}
        for award in found["items"]
    ]  # fmt: skip
    return render_template(
        "admin/approvals.html", versions=versions, awards=awards, next_cursor=found["next_cursor"], query=query,
        errors=errors, titles=titles, waiting=waiting_ids(call.tx, wanted, call.now)[1],
        names=names_of_staff(call.tx), me=call.staff.name, may_edit=call.staff.role in ("owner", *EDITORS.names),
    )  # fmt: skip


@page(
    pages, "POST", "/awards/<award_id>/decide", auth=EDITORS, login=Login.EARNING, idempotent=True,
    on_error="/admin/approvals",
)  # fmt: skip
def decide(call: Call, award_id: str) -> Redirect:
    """Confirm an award, or void it, with a reason."""
    reason = load(ReasonSchema(), {"reason": request.form.get("reason", "").strip()})["reason"]
    action = "cancel" if request.form.get("act") == "cancel" else "confirm"
    decide_award(call.tx, Decision(checked_id(award_id), action, reason), acting(call))
    flash(_("The award is void.") if action == "cancel" else _("The award is confirmed."), "success")
    return redirect("/admin/approvals", 303)
