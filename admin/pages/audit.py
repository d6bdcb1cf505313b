"""The audit trail as a list: who did what to what, and when; the filters stay in the address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import render_template
from flask_babel import gettext as _

from admin.pages.audit_words import deed_words, detail_lines
from admin.pages.blueprint import desk
from admin.pages.lists import Errors, day_start_of, list_query
from admin.people import actor_called, names_of_staff
from admin.routes.audit import KIND_PATTERN
from catalog.wording import in_language
from mall.audit import AuditEntry, AuditFilter, audit_page
from mall.db import Login
from mall.http.call import Call
from mall.http.fields import Text
from mall.http.page import page
from mall.http.pagination import PageQuery
from mall.http.principals import staff
from mall.i18n import language
from points.earning.versions import rule, subject

pages = desk("audit", __name__)


class AuditPageQuery(PageQuery):
    """``from`` and ``until`` are days, both included; names may end in ``*``; ``actor`` may be a username."""

    actor = Text(1, 128)
    action = Text(1, 128)
    subject = Text(1, 128)
    since = Text(1, 10, data_key="from")
    until = Text(1, 10)
    kind = Text(1, 40, pattern=KIND_PATTERN)
    q = Text(1, 100)


@page(pages, "GET", "/audit", auth=staff("auditor"), login=Login.BACKOFFICE)
def audit_list(call: Call) -> str:
    """Entries, newest first."""
    query, errors = list_query(AuditPageQuery())
    found = audit_page(call.tx, audit_wanted(call, query, errors), query["limit"], query.get("cursor"))
    return render_template(
        "admin/audit.html", entries=with_details(found["items"]), next_cursor=found["next_cursor"],
        names=names_of_staff(call.tx), query=query, errors=errors, kinds=kinds(),
    )  # fmt: skip


def audit_wanted(call: Call, query: dict[str, Any], errors: Errors) -> AuditFilter:
    """The filter that a query means; what cannot be read of it is told in ``errors``."""
    since = day_start_of(query.get("since"), "from", errors)
    until = day_start_of(query.get("until"), "until", errors, end=True)
    actor = actor_called(call.tx, query.get("actor"))
    return AuditFilter(
        actor, query.get("action"), query.get("subject"), since, until, query.get("kind"), query.get("q")
    )


@page(pages, "GET", "/rules/<key>/history", auth=staff("rules", "auditor"), login=Login.BACKOFFICE)
def rule_history(call: Call, key: str) -> str:
    """Who drafted, approved and published what of a rule, and when, newest first."""
    view = rule(call.tx, key, call.now)
    query, errors = list_query(PageQuery())
    found = audit_page(call.tx, AuditFilter(subject=subject(key)), query["limit"], query.get("cursor"))
    return render_template(
        "admin/rule_history.html", rule=view, title_text=in_language(view.title, language()), errors=errors,
        entries=with_details(found["items"]), next_cursor=found["next_cursor"], names=names_of_staff(call.tx),
        may_audit=call.staff.role in ("owner", "auditor"),
    )  # fmt: skip


def with_details(entries: Sequence[AuditEntry]) -> list[dict[str, Any]]:
    """Entries with their deed in words (empty where there are none) and their details line by line."""
    return [
        {"entry": entry, "deed": deed_words(entry.action), "detail": detail_lines(entry.detail)} for entry in entries
    ]


def kinds() -> list[tuple[str, str]]:
    """What deeds are done to, for the filter."""
    return [
        ("", _("everything")), ("earning-rule", _("Earning rules")), ("rule-controls", _("Second-person limits")),
        ("campaign", _("Campaigns")), ("redemption_rule", _("Redemption rules")), ("segment", _("Segments")),
        ("budget", _("Budgets")), ("award", _("Awards")), ("debit", _("Appeals")),
        ("adjustment", _("Adjustments")), ("gift", _("Gifts")), ("order", _("Orders")),
        ("member", _("Members")), ("staff", _("Staff")), ("client", _("Reporting systems")),
    ]  # fmt: skip
