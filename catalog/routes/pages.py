"""Pages of the storefront: home, the mall, a gift, orders."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, render_template, request
from sqlalchemy.orm import Session

from catalog.addresses.book import addresses_of
from catalog.announcements.read import banner
from catalog.causes.causes import find_cause
from catalog.drops.keep import next_releases
from catalog.gifts.queries import (
    MOST_COUNTED,
    SORTS,
    Shown,
    Wanted,
    find_shown,
    found_page,
    gifts_page,
    new_gifts,
    popular_gifts,
)
from catalog.gifts.shelves import pickup_points
from catalog.gifts.tags import headings
from catalog.redemption.place import OrderRequest
from catalog.redemption.quote import quote
from catalog.routes.addresses import address_wire
from catalog.routes.cause_wire import cause_shown
from catalog.routes.draw_wire import drawn
from catalog.routes.outlook import days_ahead
from catalog.routes.shown import card, drops_shown, gift_page_view, quote_shown
from catalog.routes.wire import announcement_wire, category_wire
from catalog.wishes.wish import is_wished
from mall import clock
from mall.db import Login
from mall.http.call import Call
from mall.http.ids import checked_id
from mall.http.page import page
from mall.http.principals import OPTIONAL_MEMBER, MemberPrincipal
from points.checkin.check_in import week
from points.earning.book_events import mall_zone
from points.viewer import Viewer, viewer

pages = Blueprint("storefront", __name__)
POPULAR_SHOWN = 8
NEW_SHOWN = 4
GIFTS_SHOWN = 20
LONGEST_QUERY = 100


def _available(me: Viewer | None) -> int | None:
    return None if me is None else me.balance.available


@page(pages, "GET", "/", auth=OPTIONAL_MEMBER, login=Login.EARNING)
def home(call: Call) -> str:
    me = viewer(call.tx, call.principal, call.now)
    shown = popular_gifts(call.tx, POPULAR_SHOWN, call.now)
    fresh = new_gifts(call.tx, NEW_SHOWN, call.now, {one.gift.id for one in shown})
    check_in, who = None, None
    if isinstance(call.principal, MemberPrincipal):
        who = call.principal.member_id
        today = clock.local_date(call.now, mall_zone())
        check_in = week(call.tx, who, today)
    told = banner(call.tx, who, call.now)
    return render_template(
        "storefront/home.html",
        me=me,
        popular=[card(one, _available(me), call.now) for one in shown],
        new=[card(one, _available(me), call.now) for one in fresh],
        check_in=check_in,
        banner=told and announcement_wire(told),
    )


@page(pages, "GET", "/mall", auth=OPTIONAL_MEMBER, login=Login.REDEMPTION)
def mall(call: Call) -> str:
    me = viewer(call.tx, call.principal, call.now)
    asked = {name: typed_in(name) for name in ("category", "tag", "q", "sort")}
    sort = asked["sort"] if asked["sort"] in SORTS else "popular"
    wanted = Wanted(asked["category"], asked["q"], sort, available=_available(me), tag=asked["tag"])
    after, total = typed_in("cursor", 500), None
    if wanted.q is None:
        shown, cursor = gifts_page(call.tx, wanted, GIFTS_SHOWN, after, call.now)
    else:
        shown, cursor, total = found_page(call.tx, wanted, GIFTS_SHOWN, after, call.now)
    query = {name: value for name, value in asked.items() if value}
    shelves, tags = headings(call.tx)
    plain = not query and not request.args.get("cursor")
    fresh = new_gifts(call.tx, NEW_SHOWN, call.now) if plain else []
    return render_template(
        "storefront/mall.html",
        me=me,
        gifts=[card(one, _available(me), call.now) for one in shown],
        new=[card(one, _available(me), call.now) for one in fresh],
        categories=[category_wire(category) for category in shelves],
        tags=[category_wire(tag) for tag in tags],
        query=query,
        next_url=f"/mall?{urlencode({**query, 'cursor': cursor})}" if cursor else None,
        total=total,
        most_counted=MOST_COUNTED,
    )


def typed_in(name: str, longest: int = LONGEST_QUERY) -> str | None:
    """A part of the query as text that the database takes; None without it."""
    text = request.args.get(name, "").replace("\0", "").strip()[:longest]
    return text.encode("utf-8", "ignore").decode() or None


@page(pages, "GET", "/gifts/<gift_id>", auth=OPTIONAL_MEMBER, login=Login.REDEMPTION)
def gift(call: Call, gift_id: str) -> str:
    me = viewer(call.tx, call.principal, call.now)
    shown = find_shown(call.tx, checked_id(gift_id), call.now)
    variant = variant_shown(shown, request.args.get("variant"))
    missing, refusals, ahead = 0, [], None
    if isinstance(call.principal, MemberPrincipal):
        offered = quote_shown(quote(call.tx, call.principal, OrderRequest(gift_id, 1, variant), call.now))
        missing, refusals = offered["missing_points"], offered["refusals"]
        ahead = days_ahead(call.principal, missing, call.now)
    coming = drops_shown(shown, next_releases(call.tx, gift_id, call.now, mall_zone()), call.now)
    return render_template(
        "storefront/gift.html",
        me=me,
        gift=gift_page_view(shown, list(pickup_points(call.tx)), _available(me), call.now, variant),
        drops=coming,
        gathering=next((f"/gifts/{gift_id}/queue?variant={drop['item']}" for drop in coming if drop["open"]), None),
        missing_points=missing,
        outlook=ahead,
        wished=isinstance(call.principal, MemberPrincipal) and is_wished(call.tx, call.principal.member_id, gift_id),
        can_choose_less=len(shown.variants) > 1 and me is not None and shown.gift.from_points <= me.balance.available,
        refusals=refusals,
        cause=given_cause(call.tx, shown.gift.cause_id),
        **drawn(call, call.tx, shown),
    )


def given_cause(tx: Session, cause_id: str | None) -> dict[str, Any] | None:
    """The cause that a donation goes to, as pages show it."""
    return None if cause_id is None else cause_shown(find_cause(tx, cause_id))


def variant_shown(shown: Shown, wanted: str | None) -> str | None:
    """The id of the variant that a page is about, None for a gift without any."""
    chosen = shown.chosen(wanted)
    return chosen and chosen[0].id


def saved_addresses(call: Call, tx: Session) -> list[dict[str, Any]]:
    """The addresses to choose from; none for a session that came by a login link."""
    if call.member.restricted:
        return []
    return [address_wire(saved) for saved in addresses_of(tx, call.member.member_id)]
