"""Lists of the desks about points: rules, campaigns, budgets, activities, segments, prizes, honours."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from admin.lists.declare import AT_ONCE, Errors, Lines, OfficeList, paged, whole, words
from admin.pages.activities import SEEN_BY, sees_people
from admin.pages.budgets import titles_of as budget_titles
from admin.pages.campaigns import READERS as CAMPAIGN_READERS
from admin.pages.campaigns import titles_of as campaign_titles
from admin.pages.campaigns import told as campaign_told
from admin.pages.figures import few
from admin.pages.redemption_rules import scopes_of
from admin.pages.redemption_rules import told as redemption_rule_told
from admin.pages.rule_words import event_name
from admin.pages.rules import READERS as RULE_READERS
from admin.pages.segments import words_of
from admin.people import names_of_staff
from admin.routes.activities import activity_wire
from admin.routes.announcements import READERS as ANNOUNCEMENT_READERS
from admin.routes.announcements import admin_wire as announcement_wire
from admin.routes.badges import READERS as BADGE_READERS
from admin.routes.badges import held_wire
from admin.routes.boards import READERS as BOARD_READERS
from admin.routes.budgets import READERS as BUDGET_READERS
from admin.routes.honours import READERS as HONOUR_READERS
from admin.routes.labels import READERS as LABEL_READERS
from admin.routes.prizes import READERS as PRIZE_READERS
from admin.routes.redemption_rules import READERS as REDEMPTION_RULE_READERS
from admin.routes.segments import READERS as SEGMENT_READERS
from catalog.announcements.keep import announcements_page
from catalog.rules.keep import redemption_rules
from catalog.wording import in_language
from mall.db import Login
from mall.http.call import Call
from mall.http.ids import checked_id
from mall.i18n import language
from points.activities.keep import activities_page, activity, counts, participants_page
from points.badges.holders import holders
from points.badges.keep import kept_badges
from points.earning.book_events import mall_zone
from points.earning.budget_keeping import budgets
from points.earning.campaign_keeping import campaigns
from points.earning.labels import Uses, label_uses, labels
from points.earning.rule_costs import costs_this_month
from points.earning.versions import rules
from points.honours.commend import commendations_page
from points.prizes.months import prize_months
from points.segments.keep import segments
from points.standing.board_keeping import staff_board
from points.standing.boards import BOARD_SIZE, PERIODS


def _rules(call: Call, _errors: Errors) -> Lines:
    costs, state = costs_this_month(call.tx, call.now, mall_zone()), words("rule_parts", "standing")
    columns = {
        _("Code"): lambda one: one.key, _("Rule"): lambda one: one.title, _("When"): lambda one: event_name(one.event),
        _("State"): lambda one: state(one.state), _("Version"): lambda one: one.version,
        _("Paid this month"): lambda one: costs.get(one.key, 0), _("Being worked on"): lambda one: one.open_version,
    }  # fmt: skip
    return Lines(columns, whole(lambda tx: rules(tx, call.now)))


def _campaigns(call: Call, _errors: Errors) -> Lines:
    titles, phase, whom = campaign_titles(call), words("campaign_parts", "phase"), words("campaign_parts", "whom")
    columns = {
        _("Code"): lambda one: one["key"], _("Campaign"): lambda one: one["name"],
        _("Multiplier"): lambda one: one["factor"], _("When"): lambda one: one["when"] or _("always"),
        _("For whom"): whom, _("Rules"): lambda one: one["rules"] or _("all rules"),
        _("State"): lambda one: phase(one["phase"]), _("held for review"): lambda one: bool(one["review"]),
    }  # fmt: skip
    return Lines(columns, whole(lambda tx: [campaign_told(call, one, titles) for one in campaigns(tx)]))


def _budgets(call: Call, _errors: Errors) -> Lines:
    titles, outlook = budget_titles(call), words("budget_parts", "outlook")
    period, action = words("budget_parts", "period"), words("budget_parts", "action")
    columns = {
        _("Code"): lambda one: one.budget.scope,
        _("For what"): lambda one: titles.get(one.budget.scope, one.budget.scope),
        _("Budget period"): lambda one: period(one.budget.period), _("Used"): lambda one: one.used,
        _("Limit in points"): lambda one: one.budget.limit_points, "%": lambda one: one.percent,
        _("Outlook"): outlook, _("When it is used up"): lambda one: action(one.budget.action),
    }  # fmt: skip
    return Lines(columns, whole(lambda tx: budgets(tx, call.now)))


def _activities(call: Call, _errors: Errors) -> Lines:
    state = words("activity_parts", "state")

    def read(tx, cursor):  # type: ignore[no-untyped-def]
        found = activities_page(tx, AT_ONCE, cursor)
        came = counts(tx, [row.id for row in found["items"]])
        return {**found, "items": [activity_wire(call, row, came) for row in found["items"]]}

    columns = {
        _("Id"): lambda one: one["id"], _("Activity"): lambda one: one["title"],
        _("Place"): lambda one: one["place"], _("From"): lambda one: one["starts_at"],
        _("Until"): lambda one: one["ends_at"], _("State"): state, _("Signed up"): lambda one: one["signed_up"],
        _("Places"): lambda one: one["capacity"], _("Came"): lambda one: one["attended"],
    }  # fmt: skip
    return Lines(columns, paged(read))


def _attendance(call: Call, _errors: Errors, activity_id: str) -> Lines:
    known, name = activity(call.tx, checked_id(activity_id)).id, names_of_staff(call.tx)
    whose = {_("Member"): lambda one: one.member_id} if sees_people(call) else {}
    columns = {
        **whose, _("Signed up"): lambda one: one.signed_up_at,
        _("Came"): lambda one: one.attended_at,
        _("By"): lambda one: name(one.marked_by) or (_("code") if one.attended_at else ""),
    }  # fmt: skip
    return Lines(columns, paged(lambda tx, cursor: participants_page(tx, known, AT_ONCE, cursor)))


def _redemption_rules(call: Call, _errors: Errors) -> Lines:
    scopes = dict(scopes_of(call))
    names = {one.id: in_language(one.name, language()) for one in segments(call.tx)}
    columns = {
        _("Id"): lambda one: one["id"], _("Rule"): lambda one: one["name"], _("Kind"): lambda one: one["kind"],
        _("What the rule says"): lambda one: one["words"], _("For what"): lambda one: one["scope"],
        _("Above points"): lambda one: one["above"], _("In force"): lambda one: one["active"],
    }  # fmt: skip
    return Lines(columns, whole(lambda tx: [redemption_rule_told(one, scopes, names) for one in redemption_rules(tx)]))


def _segments(_call: Call, _errors: Errors) -> Lines:
    columns = {
        _("Id"): lambda one: one.id, _("Segment"): lambda one: one.name,
        _("Who is in it"): lambda one: words_of(one.filter), _("Last changed"): lambda one: one.updated_at,
    }  # fmt: skip
    return Lines(columns, whole(segments))


def _prizes(_call: Call, _errors: Errors) -> Lines:
    columns = {
        _("Month"): lambda one: f"{one.month:%Y-%m}", _("Prizes of the month"): lambda one: one.prizes,
        _("Budget in points"): lambda one: one.budget_points, _("Closed on"): lambda one: one.closed_at,
        _("Paid points"): lambda one: one.paid_points,
    }  # fmt: skip
    return Lines(columns, whole(prize_months))


def _honours(call: Call, _errors: Errors) -> Lines:
    state, name = words("words", "commendation_state"), names_of_staff(call.tx)
    columns = {
        _("Member"): lambda one: one.member_id, _("Commendation"): lambda one: one.words,
        _("State"): lambda one: state(one.state), _("By"): lambda one: name(one.created_by),
        _("Day"): lambda one: one.created_at,
    }  # fmt: skip
    return Lines(columns, paged(lambda tx, cursor: commendations_page(tx, AT_ONCE, cursor)))


def _labels(call: Call, _errors: Errors) -> Lines:
    uses = label_uses(call.tx, call.now)
    columns = {
        _("Code"): lambda one: one.code, _("Chinese"): lambda one: one.name.get("zh"),
        _("English"): lambda one: one.name.get("en"), _("In use"): lambda one: one.active,
        _("Credits in 90 days"): lambda one: uses.get(one.code, Uses()).count,
        _("Last used"): lambda one: uses.get(one.code, Uses()).last_at,
    }  # fmt: skip
    return Lines(columns, whole(labels))


def _badges(call: Call, _errors: Errors) -> Lines:
    held = holders(call.tx)
    columns = {
        _("Code"): lambda one: one["code"], _("Badge"): lambda one: one["title"],
        _("What it asks for"): lambda one: one["condition"], _("In use"): lambda one: one["active"],
        _("Held by"): lambda one: one["holders"]["count"] if one["holders"]["count"] is not None else few(),
    }  # fmt: skip
    return Lines(columns, whole(lambda tx: [held_wire(kept, held) for kept in kept_badges(tx).values()]))


def _boards(call: Call, _errors: Errors) -> Lines:
    period = request.args.get("period", "month")
    period = period if period in PERIODS else "month"
    columns = {
        _("Place"): lambda one: one.rank, _("Member"): lambda one: one.member_id,
        _("Nickname"): lambda one: one.nickname, _("Points"): lambda one: one.points,
    }  # fmt: skip
    read = whole(lambda tx: staff_board(tx, period, call.now, mall_zone(), BOARD_SIZE))
    return Lines(columns, read, {"period": period})


def _announcements(call: Call, _errors: Errors) -> Lines:
    phase, whom = words("announcement_parts", "phase"), words("announcement_parts", "audience_name")
    readers = words("announcement_parts", "readers")

    def read(tx: Session, cursor: str | None) -> dict[str, Any]:
        found = announcements_page(tx, AT_ONCE, cursor)
        return {**found, "items": [announcement_wire(replace(call, _tx=tx), row) for row in found["items"]]}

    columns = {
        _("Id"): lambda one: one["id"], _("Announcement"): lambda one: one["title"], _("State"): phase,
        _("For"): lambda one: whom(one["audience"]), _("From"): lambda one: one["from_at"],
        _("Until"): lambda one: one["until_at"], _("Read by"): lambda one: readers(one["readers"]),
    }  # fmt: skip
    return Lines(columns, paged(read))


LISTS = (
    OfficeList("desk-labels.label_list", "/labels", _l("Point labels"), LABEL_READERS, _labels, Login.EARNING),
    OfficeList("desk-badges.badge_list", "/badges", _l("Badges"), BADGE_READERS, _badges, Login.EARNING),
    OfficeList("desk-boards.board_list", "/boards", _l("Boards"), BOARD_READERS, _boards, Login.EARNING),
    OfficeList(
        "desk-announcements.announcement_list", "/announcements", _l("Announcements"), ANNOUNCEMENT_READERS,
        _announcements,
    ),
    OfficeList("desk-rules.rule_list", "/rules", _l("Earning rules"), RULE_READERS, _rules, Login.EARNING),
    OfficeList("desk-campaigns.campaign_list", "/campaigns", _l("Campaigns"), CAMPAIGN_READERS, _campaigns),
    OfficeList("desk-budgets.budget_list", "/budgets", _l("Budgets"), BUDGET_READERS, _budgets, Login.EARNING),
    OfficeList("desk-activities.activity_list", "/activities", _l("Activities"), SEEN_BY, _activities),
    OfficeList(
        "desk-activities.activity_page", "/activities/<activity_id>", _l("Who was there"), SEEN_BY, _attendance
    ),
    OfficeList(
        "desk-redemption-rules.redemption_rule_list", "/redemption-rules", _l("Redemption rules"),
        REDEMPTION_RULE_READERS, _redemption_rules,
    ),
    OfficeList("desk-segments.segment_list", "/segments", _l("Segments"), SEGMENT_READERS, _segments),
    OfficeList("desk-prizes.prize_list", "/prizes", _l("Prizes of the month"), PRIZE_READERS, _prizes),
    OfficeList("desk-honours.honour_list", "/honours", _l("Honours"), HONOUR_READERS, _honours),
)  # fmt: skip
