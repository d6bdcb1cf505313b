"""Placing an order: points are held, and spent at once unless cash is to be paid too or a draw is entered; stock last.

An order with a cash part waits for its payment with its points held and its pieces taken (``catalog.payment``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from catalog.payment.configured import can_be_paid
from catalog.payment.due import open_payment
from catalog.queue.turn import queue_refusals, use_turn
from catalog.redemption.addresses import Address, seal_address
from catalog.redemption.eligibility import cash_refusals, limit_refusals, purse_refusals, shop_refusals
from catalog.redemption.lifecycle import Status, path_after
from catalog.redemption.pricing import order_cash, order_points
from catalog.redemption.refusals import refuse_if_any
from catalog.redemption.terms import Terms, read_terms
from catalog.redemption.usage import used_within
from catalog.redemption.views import HistoryStep, OrderView
from catalog.redemption.writer import COLLECT_WITHIN, NewOrder, insert_order
from catalog.rules.judge import Asked
from catalog.rules.weigh import counted, standing_refusals
from catalog.topups.asking import checked_target, seal_top_up
from catalog.topups.states import State
from catalog.vouchers.codes import open_box
from catalog.vouchers.pool import take_codes
from mall.clock import local_date
from mall.crypto import keyring
from mall.db import cursor
from mall.errors import Conflict, Invalid
from mall.ids import new_id
from points.earning.book_events import mall_zone
from points.ledger.books import open_books
from points.standing.levels import level_of


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """What a member asks for. Prices never come from the caller."""

    gift_id: str
    quantity: int = 1
    variant_id: str | None = None
    pickup_point_id: str | None = None
    delivery: Address | None = None
    target: str | None = None


def place_order(tx: Session, member_id: str, asked: OrderRequest, now: datetime, *, secrets: bool = True) -> OrderView:
    """Place an order, pay it with points and take it from stock; all of it or nothing.

    Raises NotFound for an unknown gift, variant or pickup point, Invalid for a missing or needless address,
    Conflict ``payment_unavailable``, ``not_on_sale``, ``not_eligible``, ``sold_out``, ``queue_turn_needed``,
    ``queue_one_each``, ``redemption_rule``, ``limit_reached``, ``in_debt`` or ``insufficient_points``.
    ``secrets``: the answer may show codes and the address.
    """
    terms = read_terms(tx, asked.gift_id, asked.variant_id, asked.pickup_point_id, now)
    terms.check_quantity(asked.quantity)
    _check_delivery(terms, asked.delivery)
    asked = replace(asked, target=checked_target(terms.top_up, asked.target))
    level = level_of(tx, member_id) if terms.min_level is not None and terms.min_level > 1 else 1
    # Before any lock: most of those who come too late for a hot gift are turned away here.
    refuse_if_any(cash_refusals(can_be_paid(terms.cash_cents, terms.cash_currency)))
    refuse_if_any(shop_refusals(terms.window, terms.min_level, terms.on_hand, asked.quantity, level, now))
    refuse_if_any(queue_refusals(tx, terms.queue_id, member_id, asked.quantity, now))
    weighed = Asked(asked.quantity, terms.points)
    refuse_if_any(standing_refusals(tx, terms.rules, member_id, weighed, now))
    order_id, points, zone = new_id("ord"), order_points(terms.points, asked.quantity), mall_zone()
    with open_books(tx, [member_id], now) as books:
        book = books[member_id]
        # Under the lock of the wallet the member's other orders are all there to be counted.
        used = used_within(tx, member_id, terms.gift_id, terms.limits, now, zone)
        refuse_if_any(limit_refusals(terms.limits, used, asked.quantity))
        refuse_if_any(counted(tx, terms.rules, member_id, weighed, now, lock=True).refusals)
        refuse_if_any(purse_refusals(points, book.wallet.available, book.wallet.debt))
        if terms.queue_id is not None and not use_turn(tx, terms.queue_id, member_id, order_id, now):
            raise Conflict("queue_turn_needed")
        book.hold(points, hold_id=order_id, label="gift", ref=order_id)
        if terms.cash_cents is None and terms.kind != "draw":
            book.capture(order_id)
    return _write(tx, member_id, terms, asked, order_id, now, secrets)


def _check_delivery(terms: Terms, delivery: Address | None) -> None:
    if terms.kind == "delivery" and delivery is None:
        raise Invalid({"delivery": [_("Please say where it should go.")]})
    if terms.kind != "delivery" and delivery is not None:
        raise Invalid({"delivery": [_("This gift is not sent.")]})


def _write(
    tx: Session, member_id: str, terms: Terms, asked: OrderRequest, order_id: str, now: datetime, secrets: bool
) -> OrderView:
    cur, ring = cursor(tx), keyring()
    approval = terms.must_be_approved(order_points(terms.points, asked.quantity))
    by_hand = terms.needs_preparation or approval
    follows = path_after(terms.kind, Status.PLACED, by_hand=by_hand, approval=approval)
    cash_cents = order_cash(terms.cash_cents, asked.quantity)
    path = [Status.PLACED, *(follows if cash_cents is None else [Status.AWAITING_PAYMENT])]
    issued = Status.ISSUED in path
    boxes = []
    if terms.kind == "voucher":
        boxes = list(take_codes(cur, terms.item_id, order_id, asked.quantity, now if issued and secrets else None))
        if len(boxes) < asked.quantity:
            raise Conflict("sold_out", extra={"left": len(boxes)})
    order = NewOrder(
        order_id, member_id, terms.gift_id, terms.item_id, terms.kind, asked.quantity,
        order_points(terms.points, asked.quantity), terms.name, terms.variant_name, terms.picture,
        terms.point.id if terms.point else None, terms.cause_id, cash_cents, terms.cash_currency,
        terms.queue_id,
    )  # fmt: skip
    sealed = seal_address(ring, order_id, asked.delivery) if asked.delivery is not None else None
    top_up = None
    if terms.top_up is not None and asked.target is not None:
        top_up = seal_top_up(ring, order_id, terms.top_up, asked.target)
    actor, day = f"member:{member_id}", local_date(now, mall_zone())
    written = insert_order(cur, ring, order, path, sealed, day, actor, now, top_up=top_up)
    assert written.number is not None
    cash = None if cash_cents is None else open_payment(tx, order_id, cash_cents, now)
    ready = written.pickup_code
    return OrderView(
        order_id, written.number, terms.gift_id, terms.name, terms.variant_name, terms.picture, terms.kind,
        path[-1].value, order.quantity, order.points, None, now, now + COLLECT_WITHIN if ready else None,
        [HistoryStep(status.value, now, "member") for status in path], terms.point,
        ready.code if ready and secrets else None,
        tuple(open_box(ring, box) for box in boxes) if issued and secrets else (),
        asked.delivery if secrets else None,
        target=asked.target if secrets else None, top_up_state=State.WAITING.value if top_up else None,
        cash=cash, draw_id=terms.draw_id, draw_closes_at=terms.window.on_sale_until if terms.draw_id else None,
    )  # fmt: skip
