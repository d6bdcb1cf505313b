"""Lists about people and machines: members, reporting systems, their requests, staff, reports, notices, the trail."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from admin.lists.declare import AT_ONCE, Errors, Lines, OfficeList, paged, whole, words
from admin.lists.trail import audit_lines
from admin.pages.audit import AuditPageQuery, audit_wanted
from admin.pages.lists import list_query
from admin.people import names_of_staff
from admin.reports.queries import report_page
from admin.reports.tables import reconciles, span_of, title_of
from admin.role_words import role_words
from admin.routes.api_clients import OWNER as CLIENT_READERS
from admin.routes.integrations import READERS as REQUEST_READERS
from admin.routes.integrations import RequestsQuery
from admin.routes.members import READERS as MEMBER_READERS
from admin.routes.members import MembersQuery
from admin.routes.notices import READERS as NOTICE_READERS
from admin.routes.notices import StaffNoticesQuery
from admin.routes.reports import READERS as REPORT_READERS
from admin.routes.reports import ReportListQuery
from admin.routes.staff import OWNER
from admin.routes.webhooks import OWNER as WEBHOOK_READERS
from catalog.notices.for_staff import names_of, staff_notices_page
from mall.http.call import Call
from mall.http.ids import checked_id
from mall.http.pagination import decode_cursor, page_of
from mall.http.principals import staff
from mall.identity.api_clients import find_client, list_clients
from mall.identity.member_search import search_members
from mall.identity.staff_care import colleagues
from mall.request_log import requests_page
from mall.webhooks.endpoints import endpoints

AUDITORS = staff("auditor")


def _members(_call: Call, errors: Errors) -> Lines:
    query, wrong = list_query(MembersQuery())
    errors.update(wrong)
    state = words("words", "member_status")
    columns = {
        _("Id"): lambda one: one.id, _("Nickname"): lambda one: one.nickname, _("Username"): lambda one: one.username,
        _("State"): lambda one: _("Merged") if one.alias_of else state(one.status),
        _("Member since"): lambda one: one.created_at,
    }  # fmt: skip
    return Lines(columns, paged(lambda tx, cursor: search_members(tx, query.get("q"), AT_ONCE, cursor)), query)


def _clients(_call: Call, _errors: Errors) -> Lines:
    def read(tx: Session, cursor: str | None) -> dict[str, Any]:
        last = decode_cursor(cursor, str)
        found = list_clients(tx, AT_ONCE + 1, last[0] if last else None)
        return page_of(found, AT_ONCE, lambda client: (client.id,))

    columns = {
        _("Id"): lambda one: one.id, _("Reporting system"): lambda one: one.name,
        _("What it may do"): lambda one: one.scopes, _("At most points a day"): lambda one: one.daily_cap_points,
        _("Addresses it may call from"): lambda one: one.allowed_networks, _("Made"): lambda one: one.created_at,
        _("Switched off"): lambda one: one.disabled_at,
    }  # fmt: skip
    return Lines(columns, paged(read))


def _requests(call: Call, errors: Errors, client_id: str) -> Lines:
    known = find_client(call.tx, checked_id(client_id)).id
    query, wrong = list_query(RequestsQuery())
    errors.update(wrong)
    columns = {
        _("When"): lambda one: one.told_at, _("Request"): lambda one: f"{one.method} {one.route}",
        _("Status"): lambda one: one.status, "ms": lambda one: one.ms, _("Request id"): lambda one: one.request_id,
    }  # fmt: skip
    read = paged(lambda tx, cursor: requests_page(tx, known, query.get("outcome"), AT_ONCE, cursor))
    return Lines(columns, read, query)


def _staff(call: Call, _errors: Errors) -> Lines:
    roles = role_words()
    columns = {
        _("Id"): lambda one: one.id, _("Username"): lambda one: one.username, _("Role"): lambda one: roles[one.role],
        _("Authenticator"): lambda one: one.totp_enrolled_at, _("Last sign-in"): lambda one: one.last_sign_in_at,
        _("Made"): lambda one: one.created_at, _("Switched off"): lambda one: one.disabled_at,
    }  # fmt: skip
    return Lines(columns, whole(lambda tx: colleagues(tx, call.now)))


def _reports(_call: Call, errors: Errors) -> Lines:
    query, wrong = list_query(ReportListQuery())
    errors.update(wrong)
    columns = {
        _("Id"): lambda one: one.id, _("Report"): title_of, _("Period"): span_of, _("adds up"): reconciles,
        _("Made"): lambda one: one.made_at,
    }  # fmt: skip
    return Lines(columns, paged(lambda tx, cursor: report_page(tx, query.get("kind"), AT_ONCE, cursor)), query)


def _notices(call: Call, errors: Errors) -> Lines:
    query, wrong = list_query(StaffNoticesQuery())
    errors.update(wrong)
    only_open = "open" not in request.args or bool(query.get("open"))
    kind, what, name = words("notice_parts", "sort"), words("notice_parts", "words"), names_of_staff(call.tx)

    def read(tx: Session, cursor: str | None) -> dict[str, Any]:
        found = staff_notices_page(tx, only_open, AT_ONCE, cursor)
        names = names_of(tx, found["items"])
        return {**found, "items": [(one, names.get(one.subject, one.subject)) for one in found["items"]]}

    columns = {
        _("Kind"): lambda row: kind(row[0].kind), _("What about"): lambda row: row[1],
        _("Details"): lambda row: what(row[0]), _("Since"): lambda row: row[0].created_at,
        _("Settled"): lambda row: row[0].resolved_at, _("Done"): lambda row: row[0].done_at,
        _("By"): lambda row: name(row[0].done_by),
    }  # fmt: skip
    return Lines(columns, paged(read), {"open": only_open})


def _audit(call: Call, errors: Errors) -> Lines:
    query, wrong = list_query(AuditPageQuery())
    errors.update(wrong)
    return audit_lines(call, audit_wanted(call, query, errors))


def _webhooks(_call: Call, _errors: Errors) -> Lines:
    state = words("webhook_parts", "health")

    def read(tx: Session, cursor: str | None) -> dict[str, Any]:
        last = decode_cursor(cursor, str)
        return page_of(endpoints(tx, AT_ONCE + 1, last[0] if last else None), AT_ONCE, lambda one: (one.id,))

    columns = {
        _("Id"): lambda one: one.id, _("Address (https)"): lambda one: one.url,
        _("Description"): lambda one: one.description, _("Belongs to"): lambda one: one.client_id or _("the mall"),
        _("Tell of"): lambda one: one.events, _("State"): state, _("Last success"): lambda one: one.last_success_at,
        _("Failing since"): lambda one: one.failing_since,
    }  # fmt: skip
    return Lines(columns, paged(read))


LISTS = (
    OfficeList("desk-webhooks.webhook_list", "/webhooks", _l("Webhooks"), WEBHOOK_READERS, _webhooks),
    OfficeList("desk-members.member_list", "/members", _l("Members"), staff(*MEMBER_READERS), _members),
    OfficeList("desk-clients.client_list", "/api-clients", _l("Reporting systems"), CLIENT_READERS, _clients),
    OfficeList(
        "desk-integrations.client_requests", "/api-clients/<client_id>/requests", _l("Requests"), REQUEST_READERS,
        _requests,
    ),
    OfficeList("desk-staff.staff_list", "/staff", _l("Staff"), OWNER, _staff),
    OfficeList("desk-reports.report_list", "/reports", _l("Reports"), REPORT_READERS, _reports),
    OfficeList("desk-notices.notice_list", "/notices", _l("To see to"), NOTICE_READERS, _notices),
    OfficeList("desk-audit.audit_list", "/audit", _l("Audit trail"), AUDITORS, _audit),
)  # fmt: skip
