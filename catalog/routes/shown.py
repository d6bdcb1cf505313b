"""What the storefront's templates are given: gifts, quotes, orders and announcements in the reader's language."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from catalog.announcements.models import Announcement
from catalog.drops.keep import NextRelease
from catalog.gifts.countdown import time_until
from catalog.gifts.models import Gift, PickupPoint
from catalog.gifts.pictures import picture_url
from catalog.gifts.queries import Shown, is_new
from catalog.gifts.windows import COLLECTED_KINDS
from catalog.payment.configured import can_be_paid
from catalog.redemption.quote import Quote
from catalog.redemption.refusals import refusal_wire
from catalog.redemption.views import OrderView
from catalog.routes.wire import (
    announcement_wire,
    carrier_wire,
    cash_wire,
    draw_of_order,
    money_of,
    opening_shown,
    point_wire,
    reason_words,
    refunded_wire,
)
from catalog.stock.unlimited import counted
from catalog.wording import in_language
from mall.clock import local_date
from mall.i18n import language
from mall.qr import qr_svg
from points.earning.book_events import mall_zone

POPULAR_FROM = 20
"""Pieces ordered lately from which a gift is called popular."""


def card(shown: Shown, available: int | None, now: datetime) -> dict[str, Any]:
    """A gift in a grid; ``available``: the points of whoever looks, None when nobody is signed in."""
    gift = shown.gift
    popular = gift.featured or gift.popularity >= POPULAR_FROM
    return {
        "id": gift.id,
        "name": in_language(gift.name, language()),
        "points": gift.from_points,
        "at_least": gift.to_points > gift.from_points,
        "picture_url": picture_url(gift.pictures[0]) if gift.pictures else None,
        "kind": gift.kind,
        "state": shown.state.value,
        "stock_left": counted(shown.on_hand),
        "cash": money_of(gift.cash_cents, gift.cash_currency),
        "badge": "popular" if popular else "new" if is_new(gift, now) else None,
        "affordable": None if available is None else gift.from_points <= available,
    }


def drops_shown(shown: Shown, releases: Sequence[NextRelease], now: datetime) -> list[dict[str, Any]]:
    """When the next pieces of a gift come: of a variant with its name; ``day`` and ``opens_day`` (of the waiting room,
    which may open the day before) today or tomorrow or None."""
    names = {variant.id: in_language(variant.name, language()) for variant, _on_hand in shown.variants}
    today = local_date(now, mall_zone())
    days = {today: "today", today + timedelta(days=1): "tomorrow"}
    return [
        {
            "variant": names.get(one.item_id),
            "pieces": one.pieces,
            "at": one.at,
            "item": one.item_id,
            "opens_at": one.opens_at,
            "open": one.opens_at is not None and one.opens_at <= now,
            "day": days.get(local_date(one.at, mall_zone())),
            "opens_day": one.opens_at and days.get(local_date(one.opens_at, mall_zone())),
        }
        for one in releases
    ]


def gift_page_view(
    shown: Shown, points: list[PickupPoint], available: int | None, now: datetime, variant: str | None = None
) -> dict[str, Any]:
    """A gift on its own page, with the price and stock of the variant that is chosen."""
    gift, reader, category = shown.gift, language(), shown.category
    return {
        **card(shown, available, now),
        **_variants(shown, variant),
        "cash_unavailable": not can_be_paid(gift.cash_cents, gift.cash_currency),
        "pictures": [_picture(gift, sha256) for sha256 in gift.pictures],
        "starts_in": time_until(gift.on_sale_from, now),
        "ends_in": time_until(gift.on_sale_until, now),
        "description": in_language(gift.description, reader),
        "category": category and {"id": category.id, "name": in_language(category.name, reader)},
        "tags": [{"id": tag.id, "name": in_language(tag.name, reader)} for tag in shown.tags],
        "limits": gift.limits,
        "min_level": gift.min_level,
        "on_sale_from": gift.on_sale_from,
        "on_sale_until": gift.on_sale_until,
        "pickup_points": [point_shown(point) for point in points] if gift.kind in COLLECTED_KINDS else [],
        "target": (gift.top_up or {}).get("target"),
        "valid_days": None,
    }


def _variants(shown: Shown, wanted: str | None) -> dict[str, Any]:
    """What there is to choose; every entry has its own price and stock."""
    chosen = shown.chosen(wanted)
    if chosen is None:
        return {"variants": [], "variant": None}
    gift, reader = shown.gift, language()
    choices = [
        {
            "id": variant.id,
            "name": in_language(variant.name, reader),
            "points": variant.points or gift.points,
            "stock_left": counted(on_hand),
            "chosen": variant.id == chosen[0].id,
        }
        for variant, on_hand in shown.variants
    ]
    picked = next(choice for choice in choices if choice["chosen"])
    return {
        "variants": choices, "variant": picked, "points": picked["points"], "stock_left": picked["stock_left"],
        "at_least": False,
    }  # fmt: skip


def _picture(gift: Gift, sha256: str) -> dict[str, Any]:
    told = in_language(gift.picture_texts.get(sha256), language())
    return {"url": picture_url(sha256), "alt": told or in_language(gift.name, language())}


def point_shown(point: PickupPoint) -> dict[str, Any]:
    """A pickup point to choose."""
    reader = language()
    return {
        "id": point.id,
        "name": in_language(point.name, reader),
        "address": in_language(point.address, reader),
        **opening_shown(point.opening, point.hours, reader),
    }


def quote_shown(quote: Quote) -> dict[str, Any]:
    """A quote; missing points stand by themselves and are not told twice."""
    told = [refusal for refusal in quote.refusals if refusal.code != "insufficient_points"]
    return {
        "points": quote.points,
        "points_after": quote.points_after,
        "missing_points": quote.missing_points,
        "cash": money_of(quote.cash_cents, quote.cash_currency),
        "refusals": [refusal_wire(refusal) for refusal in told],
    }


def order_row(order: OrderView) -> dict[str, Any]:
    """An order in a list."""
    return {
        "id": order.id,
        "number": order.number,
        "status": order.status,
        "placed_at": order.placed_at,
        "points": order.points,
        "quantity": order.quantity,
        "gift": _gift_of(order),
        "kind": order.kind,
        "outcome": order.outcome and order.outcome.value,
    }


def order_shown(order: OrderView) -> dict[str, Any]:
    """An order on its own page."""
    code = order.pickup_code
    return {
        **order_row(order),
        "cash": cash_wire(order.cash),
        "payable": order.cash is not None and order.cash.payable,
        "pay_until": order.cash.pay_until if order.cash else None,
        "variant": in_language(order.variant_name, language()) or None,
        "can_cancel": order.can_cancel,
        "pickup_code": code,
        "pickup_qr_svg": qr_svg(code, border=0) if code else None,
        "pickup_until": order.pickup_until,
        "pickup_point": point_wire(order.point, language()) if order.point else None,
        "voucher_codes": list(order.voucher_codes),
        "tracking": order.tracking,
        "carrier": carrier_wire(order.carrier),
        "target": order.target,
        "top_up": order.top_up_state,
        "cause": order.cause_id and {"id": order.cause_id, "name": in_language(order.cause_name, language())},
        "revealed_at": order.revealed_at,
        "delivery": order.address,
        "refunded": refunded_wire(order),
        "draw": draw_shown_of(order),
        "history": [
            {
                "status": step.status,
                "at": step.at,
                "by": step.by,
                "reason": step.reason and reason_words(step.reason),
                "reason_code": step.reason,
            }
            for step in reversed(order.history)
        ],
    }


def draw_shown_of(order: OrderView) -> dict[str, Any] | None:
    """The draw that an order entered."""
    told = draw_of_order(order)
    return None if told is None else {**told, "closes_at": order.draw_closes_at}


def _gift_of(order: OrderView) -> dict[str, Any]:
    return {
        "id": order.gift_id,
        "name": in_language(order.gift_name, language()),
        "picture_url": picture_url(order.picture),
    }


def news_shown(row: Announcement) -> dict[str, Any]:
    """An announcement on a page: ``paragraphs`` of lines."""
    shown = announcement_wire(row)
    parts = [part.strip().splitlines() for part in shown["body"].replace("\r\n", "\n").split("\n\n")]
    return {**shown, "paragraphs": [lines for lines in parts if lines]}
