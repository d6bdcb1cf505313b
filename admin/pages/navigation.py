"""The sidebar: which pages there are, and which of them the reader's role may open.

An item names its page's endpoint; who sees it follows from what the page itself declares (``auth=``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import current_app, request, url_for
from flask_babel import lazy_gettext as _l

from mall.http.badges import badge_of
from mall.http.principals import Auth, StaffPrincipal


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the sidebar. ``icon``: a symbol of ``mall/static/admin/icons.svg``.

    ``desks``: other desks (the first part of an address) that are reached from this one. ``badge``: the figure of
    staff that stands beside it (``mall/http/badges.py``).
    """

    endpoint: str
    text: Any
    icon: str
    desks: tuple[str, ...] = ()
    badge: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """An item as the reader sees it."""

    url: str
    text: str
    icon: str
    here: bool
    count: int = 0


MOST_UNFOLDED = 18
"""Links that stand under each other on a screen of 800 pixels."""
OPENED = "desk_opened"
"""Cookie with the numbers of the sections that the reader opened; ``mall/static/admin/admin.js`` writes it."""
SECTIONS: tuple[tuple[Any, tuple[Item, ...]], ...] = (
    (
        "",
        (
            Item("desk-home-page.home", _l("Overview"), "layout-dashboard", ("figures",)),
            Item("desk-notices.notice_list", _l("To see to"), "bell", badge="notices"),
            Item("desk-announcements.announcement_list", _l("Announcements"), "send", ("new-announcement",)),
            Item("desk-reports.report_list", _l("Reports"), "chart-bar", ("report-settings",)),
        ),
    ),
    (
        _l("Points"),
        (
            Item("desk-rules.rule_list", _l("Earning rules"), "scale", ("new-rule", "rule-set")),
            Item("desk-campaigns.campaign_list", _l("Campaigns"), "calendar-event", ("new-campaign",)),
            Item("desk-check-ins.check_ins_page", _l("Check-ins"), "calendar"),
            Item("desk-activities.activity_list", _l("Activities"), "users", ("new-activity",)),
            Item(
                "desk-quizzes.quiz_list",
                _l("Quizzes"),
                "bulb",
                (
                    "new-quiz",
                    "quiz-questions",
                    "new-quiz-question",
                    "quiz-questions-import",
                    "quiz-categories",
                ),
            ),
            Item("desk-budgets.budget_list", _l("Budgets"), "chart-donut", ("new-budget",)),
            Item("desk-labels.label_list", _l("Point labels"), "tag", ("new-label",)),
            Item(
                "desk-redemption-rules.redemption_rule_list",
                _l("Redemption rules"),
                "shield-lock",
                ("new-redemption-rule", "segments", "new-segment"),
            ),
            Item("desk-levels.level_list", _l("Levels"), "star"),
            Item("desk-badges.badge_list", _l("Badges"), "award"),
            Item("desk-boards.board_list", _l("Boards"), "flag"),
            Item("desk-prizes.prize_list", _l("Prizes of the month"), "trophy"),
            Item("desk-honours.honour_list", _l("Honours"), "heart"),
            Item(
                "desk-approvals.inbox",
                _l("Approvals"),
                "checks",
                ("awards", "appeals", "adjustments", "new-adjustment", "merges", "new-merge", "password-resets"),
            ),
        ),
    ),
    (
        _l("Mall"),
        (
            Item("desk-gifts.gift_list", _l("Gifts"), "gift", ("gifts-in-bulk", "new-gift")),
            Item("desk-stock.low_stock", _l("Stock"), "stack-2"),
            Item("desk-shelves.shelf_list", _l("Categories and tags"), "category", ("new-shelf",)),
            Item("desk-causes.cause_list", _l("Causes"), "heart", ("new-cause",)),
            Item("desk-draws.draw_list", _l("Draws"), "dice-5"),
            Item("desk-drops.drop_list", _l("Drops"), "hourglass"),
            Item(
                "desk-orders.order_list",
                _l("Orders"),
                "package",
                ("orders-in-bulk", "picking-list", "parcel-labels"),
            ),
            Item("desk-counter.counter", _l("Pickup desk"), "ticket"),
            Item("desk-pickup-points.point_list", _l("Pickup points"), "map-pin", ("new-pickup-point",)),
            Item("desk-parcels.parcels", _l("Parcels"), "truck"),
            Item("desk-top-ups.top_ups", _l("Top-ups"), "send"),
            Item("desk-providers.provider_list", _l("Top-up providers"), "external-link"),
        ),
    ),
    (
        _l("System"),
        (
            Item("desk-members.member_list", _l("Members"), "users"),
            Item("desk-clients.client_list", _l("Reporting systems"), "key", ("new-api-client",)),
            Item("desk-integrations.integrations_page", _l("Integrations"), "code", ("reconciliation",)),
            Item("desk-webhooks.webhook_list", _l("Webhooks"), "webhook", ("new-webhook",)),
            Item("desk-staff.staff_list", _l("Staff"), "user-check", ("new-staff",)),
            Item(
                "desk-security.security_page",
                _l("Security and approvals"),
                "shield-lock",
                ("rule-controls", "order-policy"),
            ),
            Item("desk-audit.audit_list", _l("Audit trail"), "history"),
        ),
    ),
)


def allowed(principal: StaffPrincipal, endpoint: str) -> bool:
    """Whether the page behind ``endpoint`` opens for ``principal``."""
    view: Any = current_app.view_functions[endpoint]
    auth: Auth = view.auth
    return auth.opens_for(principal)


@dataclass(frozen=True, slots=True)
class Part:
    """A section of the sidebar. ``key``: its number, by which a browser remembers that it was opened."""

    key: str
    title: str
    links: list[Link]
    folded: bool

    @property
    def count(self) -> int:
        """What waits behind its links."""
        return sum(link.count for link in self.links)


def sidebar(principal: StaffPrincipal) -> list[Part]:
    """Sections with the links that this reader may follow; empty sections are left out.

    Where the whole menu is longer than a screen, all but the first and the one of this page are folded, until the
    reader opens one: a cookie remembers that, so that the page comes as it stays.
    """
    opened = request.cookies.get(OPENED, "").split(".")
    parts = [
        (str(number), str(title), [_link(item) for item in items if allowed(principal, item.endpoint)])
        for number, (title, items) in enumerate(SECTIONS)
    ]
    short = sum(len(links) for _key, _title, links in parts) <= MOST_UNFOLDED
    return [
        Part(key, title, links, folded=not (short or not title or key in opened or any(link.here for link in links)))
        for key, title, links in parts
        if links
    ]


def trail(parts: list[Part]) -> list[tuple[str, str]]:
    """Breadcrumbs down to the desk that this page belongs to: the section without an address, then the desk."""
    for part in parts:
        for link in part.links:
            if link.here and link.url != "/admin":
                return [*([(part.title, "")] if part.title else []), (link.text, link.url)]
    return []


def _link(item: Item) -> Link:
    url = url_for(item.endpoint)
    inside = request.path.startswith(f"{url}/") and item.endpoint != "desk-home-page.home"
    inside = inside or request.path.removeprefix("/admin/").split("/")[0] in item.desks
    count = badge_of(item.badge) if item.badge else 0
    return Link(url, str(item.text), item.icon, request.path == url or inside, count)
