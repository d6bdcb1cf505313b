"""Lists of what somebody decides on: awards that wait, appeals, adjustments, merged accounts."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from admin.award_decisions import awards_wanted
from admin.lists.declare import AT_ONCE, Errors, Lines, OfficeList, paged, words
from admin.pages.awards import AwardPageQuery
from admin.pages.lists import list_query
from admin.people import names_of_staff
from admin.routes.adjustments import READERS as ADJUSTMENT_READERS
from admin.routes.adjustments import AdjustmentQuery
from admin.routes.appeals import READERS as APPEAL_READERS
from admin.routes.appeals import AppealQuery
from admin.routes.awards import READERS as AWARD_READERS
from admin.routes.merges import READERS as MERGE_READERS
from admin.routes.merges import MergeQuery
from admin.routes.password_resets import READERS as RESET_READERS
from admin.routes.password_resets import ResetQuery
from catalog.merging.requests import merge_page
from catalog.wording import in_language
from mall.db import Login
from mall.http.call import Call
from mall.http.pagination import PageQuery
from mall.i18n import language
from mall.identity.resets import reset_page
from points.adjustments.requests import adjustment_page
from points.earning.appeals import answer_of, appeal_page
from points.earning.award_lists import award_page
from points.earning.explain import Line
from points.earning.explain_display import localized
from points.earning.versions import rules


def _asked(schema: PageQuery, errors: Errors) -> dict[str, Any]:
    query, wrong = list_query(schema)
    errors.update(wrong)
    return query


def _titles(call: Call) -> dict[str, str]:
    return {view.key: in_language(view.title, language()) for view in rules(call.tx, call.now)}


def _awards(call: Call, errors: Errors) -> Lines:
    query, titles = _asked(AwardPageQuery(), errors), _titles(call)
    wanted = awards_wanted(call.tx, query)
    columns = {
        _("Id"): lambda one: one.award_id, _("Rule"): lambda one: titles.get(one.rule_key, one.rule_key),
        _("Version"): lambda one: one.rule_version, _("Points"): lambda one: one.points,
        # Whose a confidential award is stays between the member and the mall, as on the page.
        _("Member"): lambda one: one.member_id if one.visibility == "public" else "",
        _("Why"): lambda one: [localized(Line.read(line)) for line in one.explanation],
        _("Booked"): lambda one: one.booked_at, _("Spendable"): lambda one: one.available_at,
    }  # fmt: skip
    return Lines(columns, paged(lambda tx, cursor: award_page(tx, wanted, AT_ONCE, cursor, call.now)), query)


def _appeals(call: Call, errors: Errors) -> Lines:
    query, titles, name = _asked(AppealQuery(), errors), _titles(call), names_of_staff(call.tx)
    state = query.get("state") or "open"
    columns = {
        _("Id"): lambda one: one.id, _("Rule"): lambda one: titles.get(one.rule_key, one.rule_key),
        _("Points"): lambda one: -one.points, _("What the member answers"): answer_of,
        _("Announced"): lambda one: one.announced_at, _("Takes effect"): lambda one: one.bites_at,
        _("Decided by"): lambda one: name(one.decided_by), _("Decided"): lambda one: one.decided_at,
    }  # fmt: skip
    return Lines(columns, paged(lambda tx, cursor: appeal_page(tx, state, AT_ONCE, cursor)), {"state": state})


def _adjustments(call: Call, errors: Errors) -> Lines:
    query, name = _asked(AdjustmentQuery(), errors), names_of_staff(call.tx)
    state = query.get("state") or "requested"
    why, what = words("adjustment_parts", "reason_name"), words("adjustment_parts", "state_name")
    columns = {
        _("Id"): lambda one: one.id, _("Member"): lambda one: one.member_id,
        _("What"): lambda one: _("Forgive debt") if one.kind == "write_off" else _("Give or take"),
        _("Points"): lambda one: one.points, _("Why"): lambda one: why(one.reason), _("Note"): lambda one: one.note,
        _("State"): lambda one: what(one.state), _("Asked by"): lambda one: name(one.requested_by),
        _("Asked"): lambda one: one.requested_at, _("Decided by"): lambda one: name(one.decided_by),
        _("Decided"): lambda one: one.decided_at,
    }  # fmt: skip
    return Lines(columns, paged(lambda tx, cursor: adjustment_page(tx, state, AT_ONCE, cursor)), {"state": state})


def _merges(call: Call, errors: Errors) -> Lines:
    query, name = _asked(MergeQuery(), errors), names_of_staff(call.tx)
    state, what = query.get("state") or "requested", words("merge_parts", "state_name")
    columns = {
        _("Id"): lambda one: one.id, _("Account that goes"): lambda one: one.source_id,
        _("Account that stays"): lambda one: one.target_id, _("Why"): lambda one: one.reason,
        _("State"): lambda one: what(one.state), _("Asked by"): lambda one: name(one.requested_by),
        _("Asked"): lambda one: one.requested_at, _("Decided by"): lambda one: name(one.decided_by),
        _("Decided"): lambda one: one.decided_at,
    }  # fmt: skip
    return Lines(columns, paged(lambda tx, cursor: merge_page(tx, state, AT_ONCE, cursor)), {"state": state})


def _password_resets(call: Call, errors: Errors) -> Lines:
    query, name = _asked(ResetQuery(), errors), names_of_staff(call.tx)
    state, said = query.get("state") or "requested", words("password_reset_parts", "state_name")
    columns = {
        _("Id"): lambda one: one.id, _("Member"): lambda one: one.member_id, _("State"): lambda one: said(one.state),
        _("Why"): lambda one: one.reason, _("Asked by"): lambda one: name(one.requested_by),
        _("Asked on"): lambda one: one.requested_at, _("Decided by"): lambda one: name(one.decided_by),
        _("Decided on"): lambda one: one.decided_at,
    }  # fmt: skip
    return Lines(columns, paged(lambda tx, cursor: reset_page(tx, state, AT_ONCE, cursor)), {"state": state})


LISTS = (
    OfficeList(
        "desk-password-resets.reset_list",
        "/password-resets",
        _l("New passwords for members"),
        RESET_READERS,
        _password_resets,
    ),
    OfficeList("desk-awards.award_list", "/awards", _l("Awards"), AWARD_READERS, _awards, Login.EARNING),
    OfficeList("desk-appeals.appeal_list", "/appeals", _l("Appeals"), APPEAL_READERS, _appeals, Login.EARNING),
    OfficeList("desk-adjustments.adjustment_list", "/adjustments", _l("Adjustments"), ADJUSTMENT_READERS, _adjustments),
    OfficeList("desk-merges.merge_list", "/merges", _l("Duplicates"), MERGE_READERS, _merges),
)
