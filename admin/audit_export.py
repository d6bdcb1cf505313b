"""The audit trail as a file."""

from __future__ import annotations

from flask import Response
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from admin.list_file import AT_ONCE, ListFile, Row, list_file
from admin.pages.people import names_of_staff
from mall.audit import AuditFilter, audit_page, detail_text
from mall.http.call import Call


def audit_file(call: Call, wanted: AuditFilter, kind: str) -> Response:
    """The entries that ``wanted`` asks for, newest first; the download itself leaves an entry. Raises Invalid."""
    asked = {name: getattr(wanted, name) for name in wanted.__slots__}
    name = names_of_staff(call.tx)
    headings = [_("Id"), _("When"), _("Who"), _("Name"), _("What"), _("To what"), _("From where"), _("Details"),
                _("Request id")]  # fmt: skip

    def portion(tx: Session, cursor: str | None) -> tuple[list[Row], str | None]:
        found = audit_page(tx, wanted, AT_ONCE, cursor)
        rows: list[Row] = [
            [
                entry.id, entry.at.isoformat(), entry.actor, name(entry.actor), entry.action, entry.subject,
                entry.origin or "", detail_text(entry.detail), entry.request_id or "",
            ]
            for entry in found["items"]
        ]  # fmt: skip
        return rows, found["next_cursor"]

    file = ListFile("audit", _("Audit trail"), headings, portion)
    return list_file(call, file, kind, "audit.exported", "audit:trail", asked)
