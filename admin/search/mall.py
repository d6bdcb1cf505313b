"""Finding in the mall: gifts and what is about them, orders, the desk for a pickup code, pickup points, causes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from admin.search.declare import MOST_HITS, SHORT_TABLE, Hit, Searcher, first_hits, said
from catalog.causes.causes import causes
from catalog.draws.models import Draw
from catalog.drops.keep import drops_page
from catalog.gifts.models import Gift
from catalog.gifts.queries import gifts_named
from catalog.gifts.shelves import categories, pickup_points
from catalog.gifts.tags import tags
from catalog.redemption.codes import typed_code
from catalog.redemption.models import Order
from catalog.topups.providers import providers
from mall.i18n import format_day


def _gifts(tx: Session, asked: str, _now: datetime) -> Sequence[Hit]:
    return [
        Hit(f"/admin/gifts/{gift.id}", said(gift.name), gift.code or "")
        for gift in gifts_named(tx, asked, MOST_HITS)
    ]  # fmt: skip


def _orders(tx: Session, asked: str, _now: datetime) -> Sequence[Hit]:
    """By number, its beginning too, or by id."""
    number = asked.upper().replace(" ", "")
    named = or_(Order.id == asked, Order.number.startswith(number, autoescape=True))
    rows = tx.execute(select(Order.id, Order.number, Order.gift_name).where(named).limit(MOST_HITS))
    return [Hit(f"/admin/orders/{key}", shown, said(gift)) for key, shown, gift in rows]


def _pickup_code(_tx: Session, asked: str, _now: datetime) -> Sequence[Hit]:
    """The desk itself looks the code up: it counts the wrong ones, which a search while typing must not get round."""
    code = typed_code(asked)
    return [Hit(f"/admin/desk?code={code}", _("Look up this pickup code"), code)] if code else []


def _points(tx: Session, asked: str, _now: datetime) -> Sequence[Hit]:
    return first_hits(
        pickup_points(tx, all_of_them=True), asked, lambda one: [*one.name.values(), *one.address.values()],
        lambda one: Hit(f"/admin/pickup-points/{one.id}", said(one.name), said(one.address)),
    )  # fmt: skip


def _causes(tx: Session, asked: str, _now: datetime) -> Sequence[Hit]:
    kept = [given.cause for given in causes(tx, all_of_them=True)]
    return first_hits(
        kept, asked, lambda one: list(one.name.values()), lambda one: Hit(f"/admin/causes/{one.id}", said(one.name))
    )


def _categories(tx: Session, asked: str, _now: datetime) -> Sequence[Hit]:
    return _headings("category", categories(tx), asked)


def _tags(tx: Session, asked: str, _now: datetime) -> Sequence[Hit]:
    return _headings("tag", tags(tx), asked)


def _headings(kind: str, rows: Sequence[Any], asked: str) -> Sequence[Hit]:
    return first_hits(
        rows, asked, lambda one: [*one.name.values(), one.code or ""],
        lambda one: Hit(f"/admin/shelves/{kind}/{one.id}", said(one.name), one.code or ""),
    )  # fmt: skip


def _draws(tx: Session, asked: str, _now: datetime) -> Sequence[Hit]:
    rows = select(Draw.id, Gift.name, Draw.closes_at).join(Gift, Gift.id == Draw.gift_id)
    return first_hits(
        tx.execute(rows.order_by(Draw.id.desc()).limit(SHORT_TABLE)).all(), asked, lambda one: list(one[1].values()),
        lambda one: Hit(f"/admin/draws/{one[0]}", said(one[1]), format_day(one[2])),
    )  # fmt: skip


def _drops(tx: Session, asked: str, _now: datetime) -> Sequence[Hit]:
    return first_hits(
        drops_page(tx, SHORT_TABLE, None)["items"], asked, lambda one: list(one.gift_name.values()),
        lambda one: Hit(f"/admin/drops/{one.drop.id}", said(one.gift_name), said(one.variant_name or {})),
    )  # fmt: skip


def _providers(tx: Session, asked: str, _now: datetime) -> Sequence[Hit]:
    return first_hits(
        providers(tx), asked, lambda one: [one.name, one.url],
        lambda one: Hit("/admin/top-up-providers", one.name, one.url),
    )  # fmt: skip


SEARCHERS = (
    Searcher("pickup_code", _l("Pickup desk"), "ticket", "desk-counter.counter", _pickup_code),
    Searcher("gifts", _l("Gifts"), "gift", "desk-gifts.gift_list", _gifts),
    Searcher("orders", _l("Orders"), "package", "desk-orders.order_list", _orders),
    Searcher("pickup_points", _l("Pickup points"), "map-pin", "desk-pickup-points.point_list", _points),
    Searcher("causes", _l("Causes"), "heart", "desk-causes.cause_list", _causes),
    Searcher("categories", _l("Categories"), "category", "desk-shelves.shelf_list", _categories),
    Searcher("tags", _l("Tags"), "tag", "desk-shelves.shelf_list", _tags),
    Searcher("draws", _l("Draws"), "dice-5", "desk-draws.draw_list", _draws),
    Searcher("drops", _l("Drops"), "hourglass", "desk-drops.drop_list", _drops),
    Searcher("providers", _l("Top-up providers"), "external-link", "desk-providers.provider_list", _providers),
)
