"""Everything that can be searched, in the order in which it is shown, and the search itself."""

from __future__ import annotations

from datetime import datetime

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from admin.lists.table import ALL as LISTS
from admin.pages.navigation import allowed, sidebar
from admin.search import mall, points, system
from admin.search.declare import MOST_HITS, Group, Hit, Searcher, names_hold
from mall.http.principals import StaffPrincipal

FORMS = (
    ("desk-gifts.new_gift_page", _l("New gift")),
    ("desk-quizzes.new_quiz_page", _l("New quiz")),
    ("desk-announcements.new_announcement_page", _l("New announcement")),
    ("desk-activities.new_activity_page", _l("New activity")),
    ("desk-rule-set.rule_set_page", _l("All rules as a file")),
    ("desk-quiz-bank.question_list", _l("Question bank")),
    ("desk-quiz-bank.category_list", _l("Categories of questions")),
    ("desk-rules.controls_page", _l("Second-person limits")),
    ("desk-order-policy.policy_page", _l("Orders to approve")),
    ("desk-reconciliation.reconciliation_page", _l("Compare a list")),
    ("desk-reports.worth_page", _l("What a point is worth")),
    ("desk-orders-in-bulk.picking_list", _l("Picking list")),
    ("desk-own-account.own_page", _l("My account")),
    ("desk-work.works", _l("My files")),
)
"""Pages that no line of the sidebar and no list names."""
ALL: tuple[Searcher, ...] = (*mall.SEARCHERS, *system.SEARCHERS, *points.SEARCHERS)


def search(tx: Session, reader: StaffPrincipal, asked: str, now: datetime) -> list[Group]:
    """What each desk that opens for the reader finds; desks without a hit are left out."""
    text = asked.strip()
    if not text:
        return []
    groups = [Group("pages", _("Pages"), "list", _pages(reader, text))]
    groups += [
        Group(one.kind, str(one.title), one.icon, one.find(tx, text, now)) for one in ALL if allowed(reader, one.page)
    ]
    return [group for group in groups if group.hits]


def _pages(reader: StaffPrincipal, asked: str) -> list[Hit]:
    """Pages by name: those of the sidebar first, then lists and forms that are reached from them."""
    links = [Hit(link.url, link.text, part.title) for part in sidebar(reader) for link in part.links]
    known = {link.url for link in links}
    further = [(one.page, one.title) for one in LISTS if "<" not in one.rule]
    for endpoint, title in (*further, *FORMS):
        url = url_for(endpoint)
        if url not in known and allowed(reader, endpoint):
            links.append(Hit(url, str(title)))
    found = [link for link in links if names_hold([link.text, link.url.removeprefix("/admin/")], asked)]
    return found[:MOST_HITS]
