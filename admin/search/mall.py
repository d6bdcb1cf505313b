"""Finding in the mall: gifts, orders, the desk for a pickup code, pickup points, causes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from admin.pages.counter import PEOPLE as COUNTER_PEOPLE
from admin.pages.pickup_points import READERS as POINT_READERS
from admin.routes.gifts import READERS as GIFT_READERS
from admin.routes.orders import READERS as ORDER_READERS
from admin.search.declare import MOST_HITS, Hit, Searcher, first_hits, said
from catalog.causes.causes import causes
from catalog.gifts.queries import gifts_named
from catalog.gifts.shelves import pickup_points
from catalog.redemption.codes import typed_code
from catalog.redemption.models import Order


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


SEARCHERS = (
    Searcher("pickup_code", _l("Pickup desk"), "ticket", COUNTER_PEOPLE, _pickup_code),
    Searcher("gifts", _l("Gifts"), "gift", GIFT_READERS, _gifts),
    Searcher("orders", _l("Orders"), "package", ORDER_READERS, _orders),
    Searcher("pickup_points", _l("Pickup points"), "map-pin", POINT_READERS, _points),
    Searcher("causes", _l("Causes"), "heart", GIFT_READERS, _causes),
)
