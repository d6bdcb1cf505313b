"""Gifts, quotes and orders as the API writes them, in the reader's language."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from flask_babel import gettext as _

from catalog.announcements.models import Announcement
from catalog.draws.entries import entry_name
from catalog.draws.states import DELIVERY, EITHER, ENTERED_LATE, NOT_CLAIMED, NOT_DRAWN, PICKUP
from catalog.drops.keep import NextRelease
from catalog.fulfilment.carriers import BY_CODE
from catalog.fulfilment.hours import opening_of, state_now
from catalog.fulfilment.hours_words import hours_words, now_words
from catalog.gifts.models import Category, Tag
from catalog.gifts.pictures import picture_url
from catalog.gifts.queries import Shown
from catalog.gifts.tags import Heading
from catalog.notices.queries import Notice
from catalog.payment.due import Cash
from catalog.payment.settle import NOT_PAID, PAID_LATE
from catalog.redemption.lifecycle import Status
from catalog.redemption.overdue import ARRIVED, NOT_COLLECTED
from catalog.redemption.quote import Quote
from catalog.redemption.refusals import refusal_wire
from catalog.redemption.terms import Point
from catalog.redemption.views import HistoryStep, OrderView
from catalog.stock.unlimited import counted
from catalog.wording import in_language
from mall import clock
from mall.crypto import keyring
from mall.i18n import language
from points.checkin.pace import Outlook
from points.earning.book_events import mall_zone


def category_wire(category: Category | Tag | Heading) -> dict[str, Any]:
    """A category or a tag."""
    return {"id": category.id, "code": category.code, "name": in_language(category.name, language())}


def gift_wire(shown: Shown, available: int | None) -> dict[str, Any]:
    """A gift; ``available``: the points of whoever looks, None when nobody is signed in."""
    gift, reader = shown.gift, language()
    return {
        "id": gift.id,
        "code": gift.code,
        "name": in_language(gift.name, reader),
        "description": in_language(gift.description, reader),
        "kind": gift.kind,
        "points": gift.points,
        "from_points": gift.from_points,
        "cash": money_of(gift.cash_cents, gift.cash_currency),
        "category": gift.category_id,
        "state": shown.state.value,
        "stock": counted(shown.on_hand),
        "limits": gift.limits,
        "min_level": gift.min_level,
        "on_sale_from": gift.on_sale_from,
        "on_sale_until": gift.on_sale_until,
        "pictures": [picture_url(sha256) for sha256 in gift.pictures],
        "affordable": None if available is None else gift.from_points <= available,
    }


def gift_detail_wire(shown: Shown, available: int | None, drops: Sequence[NextRelease]) -> dict[str, Any]:
    """A gift with its variants, tags and drops."""
    variants = [
        {
            "id": variant.id,
            "name": in_language(variant.name, language()),
            "points": variant.points or shown.gift.points,
            "stock": counted(on_hand),
        }
        for variant, on_hand in shown.variants
    ]
    tags = [category_wire(tag) for tag in shown.tags]
    target = (shown.gift.top_up or {}).get("target")
    return {
        **gift_wire(shown, available),
        "variants": variants,
        "tags": tags,
        "target": target,
        "cause": shown.gift.cause_id,
        "drops": [
            {"item": one.item_id, "pieces": one.pieces, "next_at": one.at, "waiting_room_at": one.opens_at}
            for one in drops
        ],
    }


def quote_wire(quote: Quote, outlook: Outlook | None) -> dict[str, Any]:
    """A quote, with when the missing points will be there."""
    return {
        "gift": quote.gift_id,
        "variant": quote.variant_id,
        "quantity": quote.quantity,
        "unit_points": quote.unit_points,
        "points": quote.points,
        "available": quote.available,
        "points_after": quote.points_after,
        "missing_points": quote.missing_points,
        "outlook": outlook,
        "max_quantity": quote.max_quantity,
        "cash": money_of(quote.cash_cents, quote.cash_currency),
        "refusals": [refusal_wire(refusal) for refusal in quote.refusals],
    }


def money_of(amount_cents: int | None, currency: str | None) -> dict[str, Any] | None:
    """Cash in minor units; None for none."""
    return None if amount_cents is None else {"amount": amount_cents, "currency": currency}


def cash_wire(cash: Cash | None) -> dict[str, Any] | None:
    """The cash part of an order."""
    if cash is None:
        return None
    return {
        "amount": cash.amount_cents,
        "currency": cash.currency,
        "checkout_url": cash.checkout_url,
        "status": cash.status,
        "pay_until": cash.pay_until.isoformat() if cash.pay_until else None,
        "refunded": cash.refunded_cents - cash.refunding_cents,
        "refunding": cash.refunding_cents,
        "on_hold": cash.on_hold,
    }


def point_wire(point: Point, reader: str) -> dict[str, Any]:
    """A pickup point, in the language ``reader``."""
    return {
        "id": point.id,
        "name": in_language(point.name, reader),
        "address": in_language(point.address, reader),
        **opening_shown(point.opening, point.hours, reader),
        "phone": point.phone,
    }


def carrier_wire(code: str | None) -> dict[str, str] | None:
    """Who brings a parcel, in the reader's language."""
    return None if code is None else {"code": code, "name": in_language(BY_CODE[code].name, language())}


def opening_shown(stored: dict[str, Any] | None, words: dict[str, str], reader: str) -> dict[str, Any]:
    """``hours`` in words, and for structured ones whether it is ``open_now`` (else None) and ``open_text``."""
    if not stored:
        return {"hours": in_language(words, reader), "open_now": None, "open_text": None}
    minute = clock.now().astimezone(mall_zone()).replace(second=0, microsecond=0)
    return dict(_opening(json.dumps(stored), minute, reader))


@lru_cache(maxsize=512)
def _opening(stored: str, minute: datetime, reader: str) -> dict[str, Any]:
    """The hours as they stand in this minute; every order at a pickup point tells them."""
    opening = opening_of(json.loads(stored))
    assert opening is not None
    state = state_now(opening, minute)
    return {
        "hours": hours_words(opening, minute.date(), reader),
        "open_now": state.is_open,
        "open_text": now_words(state, minute, reader),
    }


def order_wire(order: OrderView) -> dict[str, Any]:
    """An order as its member sees it, in wire form: what is absent is left out."""
    reader = language()
    body: dict[str, Any] = {
        "id": order.id,
        "number": order.number,
        "status": order.status,
        "kind": order.kind,
        "gift": order.gift_id,
        "gift_name": in_language(order.gift_name, reader),
        "quantity": order.quantity,
        "points": order.points,
        "placed_at": order.placed_at.isoformat(),
        "can_cancel": order.can_cancel,
        "history": [_step_wire(step) for step in order.history],
    }
    address = order.address
    optional = {
        "cash": cash_wire(order.cash),
        "picture": picture_url(order.picture),
        "variant": in_language(order.variant_name, reader) or None,
        "pickup_code": order.pickup_code,
        "pickup_until": order.pickup_until.isoformat() if order.pickup_until and order.pickup_code else None,
        "pickup_point": point_wire(order.point, reader) if order.point else None,
        "voucher_codes": list(order.voucher_codes) or None,
        "tracking": order.tracking,
        "carrier": carrier_wire(order.carrier),
        "target": order.target,
        "top_up": order.top_up_state,
        "refunded": refunded_wire(order),
        "cause": order.cause_id and {"id": order.cause_id, "name": in_language(order.cause_name, reader)},
        "draw": draw_of_order(order),
        "revealed_at": order.revealed_at.isoformat() if order.revealed_at else None,
        "claim": claim_wire(order),
        "delivery": address and {"name": address.name, "phone": address.phone, "address": address.address},
    }
    return body | {name: value for name, value in optional.items() if value is not None}


def claim_wire(order: OrderView) -> dict[str, Any] | None:
    """Until when a winner says how the prize is to come, and which ways there are; None where nothing is asked."""
    if order.status != Status.AWAITING_CLAIM or order.claim_until is None:
        return None
    ways = [DELIVERY, PICKUP] if order.draw_handover == EITHER else [DELIVERY]
    return {"until": order.claim_until.isoformat(), "ways": ways}


def draw_of_order(order: OrderView) -> dict[str, Any] | None:
    """The draw that an order entered; None for other orders."""
    if order.draw_id is None or order.draw_closes_at is None:
        return None
    return {
        "id": order.draw_id,
        "closes_at": order.draw_closes_at.isoformat(),
        "outcome": order.outcome and order.outcome.value,
        "entry": entry_name(keyring(), order.draw_id, order.id),
    }


def refunded_wire(order: OrderView) -> dict[str, int] | None:
    """What was given back of an order after it was had; None: nothing."""
    if not order.refunded_points:
        return None
    return {"points": order.refunded_points, "quantity": order.refunded_quantity}


def _step_wire(step: HistoryStep) -> dict[str, str]:
    body = {"status": step.status, "at": step.at.isoformat(), "by": step.by}
    return body if step.reason is None else {**body, "reason": reason_words(step.reason)}


def reason_words(reason: str) -> str:
    """Why an order ended: words of staff as they are, the mall's own reasons in the reader's language."""
    own = {
        NOT_COLLECTED: _("It was not collected in time."),
        NOT_PAID: _("It was not paid in time."),
        PAID_LATE: _("It was paid after it had ended."),
        NOT_DRAWN: _("Not drawn this time."),
        ENTERED_LATE: _("It came after the entries were closed."),
        NOT_CLAIMED: _("It was not claimed in time."),
        ARRIVED: _("No complaint within 15 days of sending."),
    }
    return str(own.get(reason, reason))


def notice_wire(notice: Notice) -> dict[str, Any]:
    """A notice."""
    return {
        "id": notice.id,
        "kind": notice.kind,
        "text": notice.text,
        "order": notice.order_id,
        "gift": notice.gift_id,
        "announcement": notice.announcement and announcement_wire(notice.announcement),
        "created_at": notice.created_at,
        "read_at": notice.read_at,
    }


def announcement_wire(row: Announcement) -> dict[str, Any]:
    """An announcement as a member reads it."""
    return {
        "id": row.id,
        "title": in_language(row.title, language()),
        "body": in_language(row.body, language()),
        "link": row.link,
        "important": row.important,
        "from_at": row.from_at,
        "until_at": row.until_at,
    }
