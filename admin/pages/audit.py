"""The audit trail as a list: who did what to what, and when; the filters stay in the address."""

from __future__ import annotations

import json

from flask import render_template

from admin.pages.blueprint import desk
from admin.pages.lists import day_start_of, list_query
from admin.pages.people import names_of_staff
from mall.audit import AuditFilter, audit_page
from mall.db import Login
from mall.http.call import Call
from mall.http.fields import Text
from mall.http.page import page
from mall.http.pagination import PageQuery
from mall.http.principals import staff

pages = desk("audit", __name__)


class AuditPageQuery(PageQuery):
    """``from`` and ``until`` are days, both included; names may end in ``*``."""

    actor = Text(1, 128)
    action = Text(1, 128)
    subject = Text(1, 128)
    since = Text(1, 10, data_key="from")
    until = Text(1, 10)


@page(pages, "GET", "/audit", auth=staff("auditor"), login=Login.BACKOFFICE)
def audit_list(call: Call) -> str:
    """Entries, newest first."""
    query, errors = list_query(AuditPageQuery())
    since = day_start_of(query.get("since"), "from", errors)
    until = day_start_of(query.get("until"), "until", errors, end=True)
    wanted = AuditFilter(query.get("actor"), query.get("action"), query.get("subject"), since, until)
    found = audit_page(call.tx, wanted, query["limit"], query.get("cursor"))
    entries = [
        {"entry": entry, "detail": json.dumps(entry.detail, ensure_ascii=False) if entry.detail else ""}
        for entry in found["items"]
    ]
    return render_template(
        "admin/audit.html", entries=entries, next_cursor=found["next_cursor"], names=names_of_staff(call.tx),
        query=query, errors=errors,
    )  # fmt: skip
