"""The audit trail as a file, for its page and for the API."""

from __future__ import annotations

from flask_babel import gettext as _

from admin.lists.declare import AT_ONCE, Lines, paged
from admin.people import names_of_staff
from mall.audit import AuditFilter, audit_page, detail_text
from mall.http.call import Call


def audit_lines(call: Call, wanted: AuditFilter) -> Lines:
    """The entries that ``wanted`` asks for, newest first."""
    name = names_of_staff(call.tx)
    columns = {
        _("Id"): lambda one: one.id, _("When"): lambda one: one.at.isoformat(), _("Who"): lambda one: one.actor,
        _("Name"): lambda one: name(one.actor), _("What"): lambda one: one.action,
        _("To what"): lambda one: one.subject, _("From where"): lambda one: one.origin,
        _("Details"): lambda one: detail_text(one.detail), _("Request id"): lambda one: one.request_id,
    }  # fmt: skip
    asked = {name: getattr(wanted, name) for name in wanted.__slots__}
    return Lines(columns, paged(lambda tx, cursor: audit_page(tx, wanted, AT_ONCE, cursor)), asked)
