"""Notices to staff as a page: what waits for somebody, and what was seen to."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Redirect

from admin.acting import traced
from admin.pages.addresses import address_with
from admin.pages.blueprint import desk
from admin.pages.lists import list_query
from admin.routes.notices import DOERS, READERS, StaffNoticesQuery
from admin.undo.keep import offer_undo
from catalog.notices.for_staff import done_with, names_of, staff_notices_page
from catalog.notices.staff_models import StaffNotice
from catalog.wording import in_language
from mall.db import Login
from mall.http.call import Call
from mall.http.ids import checked_id
from mall.http.page import page
from mall.http.principals import StaffPrincipal
from mall.i18n import language

pages = desk("notices", __name__)
HERE = "/admin/notices"
DESKS = {"gift": "gifts", "order": "orders"}
"""Where the page of a subject is."""
SEES_BUDGETS = ("owner", "rules", "auditor")


@page(pages, "GET", "/notices", auth=READERS, login=Login.BACKOFFICE)
def notice_list(call: Call) -> str:
    """Those that wait; all of them with ``?open=false``."""
    query, errors = list_query(StaffNoticesQuery())
    only_open = "open" not in request.args or bool(query.get("open"))
    found = staff_notices_page(call.tx, only_open, query["limit"], query.get("cursor"))
    names, following = names_of(call.tx, found["items"]), found["next_cursor"]
    return render_template(
        "admin/notices.html",
        notices=[_shown(notice, names, call.staff) for notice in found["items"]],
        only_open=only_open,
        errors=errors,
        next_url=address_with(cursor=following) if following else None,
        may_do=DOERS.opens_for(call.staff),
    )


@page(pages, "POST", "/notices/<staff_notice_id>/done", auth=DOERS, login=Login.BACKOFFICE, on_error=HERE)
def notice_done(call: Call, staff_notice_id: str) -> Redirect:
    """Seen to."""
    notice = done_with(call.tx, checked_id(staff_notice_id), *traced(call))
    if notice.done_at == call.now:
        offer_undo(call, "notice", {"notice": notice.id}, HERE)
    flash(_("Done: it is told again only when it happens anew."), "success")
    return redirect(HERE, 303)


def _shown(notice: StaffNotice, names: dict[str, Any], reader: StaffPrincipal) -> dict[str, Any]:
    gift = notice.detail.get("gift")
    subject = f"gift:{gift}" if gift and notice.subject.startswith("item:") else notice.subject
    desk_name, _colon, key = subject.partition(":")
    name = names.get(subject)
    url = f"/admin/{DESKS[desk_name]}/{key}" if desk_name in DESKS and name is not None else None
    if notice.kind == "budget.warned":
        name, url = notice.detail.get("scope"), f"/admin/budgets/{notice.detail.get('scope')}"
        url = url if reader.role in SEES_BUDGETS else None
    elif desk_name == "webhook":
        url = f"/admin/webhooks/{key}" if reader.role == "owner" and name is not None else None
    elif desk_name == "gift" and reader.role == "fulfilment":
        url = None
    shown = in_language(name, language()) if isinstance(name, dict) else name
    return {"notice": notice, "name": shown or notice.subject, "url": url}
