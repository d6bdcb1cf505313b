"""Everything that can be searched, in the order in which it is shown, and the search itself."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from admin.pages.navigation import sidebar
from admin.search import mall, points, system
from admin.search.declare import MOST_HITS, Group, Hit, Searcher, may_search, names_hold
from mall.http.principals import StaffPrincipal

ALL: tuple[Searcher, ...] = (*mall.SEARCHERS, *system.SEARCHERS, *points.SEARCHERS)


def search(tx: Session, reader: StaffPrincipal, asked: str, now: datetime) -> list[Group]:
    """What each desk that opens for the reader finds; desks without a hit are left out."""
    text = asked.strip()
    if not text:
        return []
    groups = [Group("pages", _("Pages"), "list", _pages(reader, text))]
    groups += [
        Group(one.kind, str(one.title), one.icon, one.find(tx, text, now)) for one in ALL if may_search(one, reader)
    ]
    return [group for group in groups if group.hits]


def _pages(reader: StaffPrincipal, asked: str) -> list[Hit]:
    links = [(part.title, link) for part in sidebar(reader) for link in part.links]
    found = [Hit(link.url, link.text, title) for title, link in links if names_hold([link.text, link.url[7:]], asked)]
    return found[:MOST_HITS]
