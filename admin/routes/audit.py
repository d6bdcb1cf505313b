"""The audit trail, for auditors and owners."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_babel import gettext as _
from marshmallow import fields

from admin.lists.send import send_lines
from admin.lists.trail import audit_lines
from mall.audit import AuditFilter, audit_page
from mall.db import Login
from mall.http.blueprint import api_blueprint
from mall.http.call import Call
from mall.http.downloads import FORMATS
from mall.http.endpoint import endpoint
from mall.http.fields import Choice, Instant, StrictSchema, Text
from mall.http.pagination import PageQuery, list_schema
from mall.http.principals import staff

blp = api_blueprint("admin-audit", __name__, description="Who did what, and when")

KIND_PATTERN = r"[a-z][a-z_-]{0,39}"


class AuditFilterQuery(StrictSchema):
    """Filters; ``since`` is included, ``until`` is not. ``earning_rule.*`` finds all that begin so.

    ``kind`` is the first part of a subject (``gift`` of ``gift:gft_…``); every word of ``q`` must be in the action,
    the subject or the details.
    """

    actor = Text(1, 128)
    action = Text(1, 128)
    subject = Text(1, 128)
    since = Instant()
    until = Instant()
    kind = Text(1, 40, pattern=KIND_PATTERN)
    q = Text(1, 100)


class AuditQuery(PageQuery, AuditFilterQuery):
    """Filters of a page."""


class AuditEntrySchema(StrictSchema):
    """One deed. ``origin``: from where staff or a program did it; null for members and jobs."""

    id = fields.String(required=True)
    at = Instant(required=True)
    actor = fields.String(required=True)
    action = fields.String(required=True)
    subject = fields.String(required=True)
    detail = fields.Dict(keys=fields.String(), required=True)
    request_id = fields.String(required=True, allow_none=True)
    origin = fields.String(required=True, allow_none=True)


AUDIT_LIST = list_schema(AuditEntrySchema)


@endpoint(
    blp, "GET", "/admin/audit", auth=staff("auditor"), login=Login.BACKOFFICE, query=AuditQuery,
    response=AUDIT_LIST,
)  # fmt: skip
def list_audit(call: Call) -> dict[str, Any]:
    return audit_page(call.tx, _wanted(call.query), call.query["limit"], call.query.get("cursor"))


class AuditFileQuery(AuditFilterQuery):
    """The same filters; ``format`` of the file."""

    format = Choice(tuple(FORMATS), load_default="csv")


@endpoint(blp, "GET", "/admin/audit/file", auth=staff("auditor"), login=Login.BACKOFFICE, query=AuditFileQuery)
def get_audit_file(call: Call) -> Response:
    """The trail as CSV, streamed however long it is, or as a workbook of at most 50,000 entries, which is made while
    the caller waits (some seconds) and refused beyond (422, `format`): a program takes CSV. No cell is a formula.
    The download is noted."""
    return send_lines(call, ("audit", _("Audit trail")), audit_lines(call, _wanted(call.query)), call.query["format"])


def _wanted(query: dict[str, Any]) -> AuditFilter:
    return AuditFilter(
        query.get("actor"), query.get("action"), query.get("subject"), query.get("since"), query.get("until"),
        query.get("kind"), query.get("q"),
    )  # fmt: skip
