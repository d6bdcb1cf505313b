"""Finding people and machines: members, staff, reporting systems, what listens to the mall."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from admin.role_words import role_words
from admin.search.declare import MOST_HITS, SHORT_TABLE, Hit, Searcher, first_hits
from mall.identity.api_clients import list_clients
from mall.identity.member_search import search_members
from mall.identity.staff import list_staff
from mall.webhooks.endpoints import endpoints


def _members(tx: Session, asked: str, _now: datetime) -> Sequence[Hit]:
    """By id, or the beginning of a username or nickname, as the members desk finds them."""
    found = search_members(tx, asked, MOST_HITS, None)["items"]
    return [Hit(f"/admin/members/{one.id}", one.nickname or one.id, one.username or "") for one in found]


def _staff(tx: Session, asked: str, _now: datetime) -> Sequence[Hit]:
    roles = role_words()
    return first_hits(
        list_staff(tx), asked, lambda one: [one.username],
        lambda one: Hit(f"/admin/staff/{one.id}", one.username, roles[one.role]),
    )  # fmt: skip


def _clients(tx: Session, asked: str, _now: datetime) -> Sequence[Hit]:
    return first_hits(
        list_clients(tx, SHORT_TABLE, None), asked, lambda one: [one.name, one.id],
        lambda one: Hit(f"/admin/api-clients/{one.id}", one.name),
    )  # fmt: skip


def _webhooks(tx: Session, asked: str, _now: datetime) -> Sequence[Hit]:
    return first_hits(
        endpoints(tx, SHORT_TABLE), asked, lambda one: [one.description, one.url, one.id],
        lambda one: Hit(f"/admin/webhooks/{one.id}", one.description or one.url, one.url if one.description else ""),
    )  # fmt: skip


SEARCHERS = (
    Searcher("members", _l("Members"), "users", "desk-members.member_list", _members),
    Searcher("staff", _l("Staff"), "shield-lock", "desk-staff.staff_list", _staff),
    Searcher("reporting_systems", _l("Reporting systems"), "key", "desk-clients.client_list", _clients),
    Searcher("webhooks", _l("Webhooks"), "webhook", "desk-webhooks.webhook_list", _webhooks),
)
