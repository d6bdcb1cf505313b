"""Placing orders: points are held, and spent at once unless cash is to be paid too or a draw is entered; stock last.

An order with a cash part waits for its payment with its points held and its pieces taken (``catalog.payment``).
Orders of one gift that arrive together are placed together (``catalog.redemption.together``): a single order is one
of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from catalog.payment.configured import can_be_paid
from catalog.payment.due import Cash, open_payment
from catalog.queue.turn import queue_refusals, use_turn
from catalog.redemption.addresses import Address, seal_address
from catalog.redemption.eligibility import cash_refusals, limit_refusals, purse_refusals, shop_refusals
from catalog.redemption.insert import Inserted, NewOrder, NotAllPresent, insert_orders
from catalog.redemption.lifecycle import Status, path_after
from catalog.redemption.pricing import order_cash, order_points
from catalog.redemption.refusals import refuse_if_any
from catalog.redemption.terms import Terms, read_terms
from catalog.redemption.usage import used_within
from catalog.redemption.views import HistoryStep, OrderView
from catalog.redemption.writer import COLLECT_WITHIN
from catalog.rules.judge import Asked
from catalog.rules.weigh import counted, standing_refusals
from catalog.topups.asking import checked_target, seal_top_up
from catalog.topups.states import State
from catalog.vouchers.codes import open_box
from catalog.vouchers.pool import take_codes
from mall.clock import local_date
from mall.crypto import Keyring, keyring
from mall.db import cursor
from mall.errors import Conflict, Forbidden, Invalid, MallError, Unavailable
from mall.identity.members import lock_present
from mall.ids import new_id
from points.earning.book_events import mall_zone
from points.ledger.book import Book
from points.ledger.books import open_books, open_free_books
from points.standing.levels import level_of
from points.viewer import suspended_sentence


class NotTogether(Exception):
    """Orders of this gift depend on each other and are placed one by one."""


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """What a member asks for. Prices never come from the caller."""

    gift_id: str
    quantity: int = 1
    variant_id: str | None = None
    pickup_point_id: str | None = None
    delivery: Address | None = None
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """Who wants what. ``secrets``: the answer may show codes and the address."""

    member_id: str
    asked: OrderRequest
    secrets: bool = True


@dataclass(frozen=True, slots=True)
class _Ready:
    """A wish that nothing stands against so far, and the order that it would become."""

    wish: Wish
    terms: Terms
    order_id: str


def place_order(
    tx: Session, member_id: str, asked: OrderRequest, now: datetime, *, secrets: bool = True, patient: bool = True
) -> OrderView:
    """Place an order, pay it with points and take it from stock; all of it or nothing.

    Raises NotFound for an unknown gift, variant or pickup point, Invalid for a missing or needless address,
    Conflict ``payment_unavailable``, ``not_on_sale``, ``not_eligible``, ``sold_out``, ``queue_turn_needed``,
    ``queue_one_each``, ``redemption_rule``, ``limit_reached``, ``in_debt`` or ``insufficient_points``; Forbidden,
    Unauthenticated for a member who has been suspended, or has left, since the request was let in.
    ``secrets``: the answer may show codes and the address. Unless ``patient``, raises WalletsBusy where it would
    have to wait for the member's wallet.
    """
    placed = place_orders(tx, [Wish(member_id, asked, secrets)], now, patient=patient)[0]
    if isinstance(placed, MallError):
        raise placed
    return placed


def place_orders(
    tx: Session, wishes: Sequence[Wish], now: datetime, *, patient: bool = True
) -> list[OrderView | MallError]:
    """Place orders of one gift or variant by different members; each by itself, in the order given.

    Says of each wish what became of it: an order, or why it is refused (as ``place_order`` raises), which is
    Unavailable for one of several whose wallet somebody else holds: nobody waits for another's. Raises when the
    orders that could be placed cannot be placed all: Conflict ``sold_out`` when there are not pieces or codes for
    all of them, NotTogether for a gift whose orders are only placed one by one.
    """
    found: dict[int, _Ready | OrderView | MallError] = {}
    seen: dict[str | None, Terms] = {}
    for place, wish in enumerate(wishes):
        try:
            found[place] = _admit(tx, wish, seen, now)
        except MallError as error:
            found[place] = error
    if len(wishes) > 1 and not all(map(_can_be_together, seen.values())):
        raise NotTogether
    going = {place: one for place, one in found.items() if isinstance(one, _Ready)}
    if going:
        spent = _pay(tx, going, now, patient=patient)
        found |= spent
        paid = [(place, one) for place, one in going.items() if place not in spent]
        if paid:
            views = _write(tx, [one for _place, one in paid], now)
            found |= {place: view for (place, _one), view in zip(paid, views, strict=True)}
    answers = [found[place] for place in range(len(wishes))]
    return [answer for answer in answers if not isinstance(answer, _Ready)]


def _can_be_together(terms: Terms) -> bool:
    """Whether orders of it have nothing to do with each other but the stock.

    Members of one household share what a rule counts, so one of them must see the other's order.
    """
    shared = any(rule.per_household for rule in terms.rules)
    return terms.cash_cents is None and terms.kind != "draw" and not shared


def _admit(tx: Session, wish: Wish, seen: dict[str | None, Terms], now: datetime) -> _Ready:
    """What can be judged before any lock: most of those who come too late for a hot gift are turned away here."""
    member_id, asked = wish.member_id, wish.asked
    terms = seen.get(asked.pickup_point_id)
    if terms is None:
        terms = read_terms(tx, asked.gift_id, asked.variant_id, asked.pickup_point_id, now)
        seen[asked.pickup_point_id] = terms
    terms.check_quantity(asked.quantity)
    _check_delivery(terms, asked.delivery)
    target = checked_target(terms.top_up, asked.target)
    if target != asked.target:
        wish = replace(wish, asked=replace(asked, target=target))
    level = level_of(tx, member_id) if terms.min_level is not None and terms.min_level > 1 else 1
    refuse_if_any(cash_refusals(can_be_paid(terms.cash_cents, terms.cash_currency)))
    refuse_if_any(shop_refusals(terms.window, terms.min_level, terms.on_hand, asked.quantity, level, now))
    refuse_if_any(queue_refusals(tx, terms.queue_id, member_id, asked.quantity, now))
    refuse_if_any(standing_refusals(tx, terms.rules, member_id, Asked(asked.quantity, terms.points), now))
    return _Ready(wish, terms, new_id("ord"))


def _pay(tx: Session, going: dict[int, _Ready], now: datetime, *, patient: bool) -> dict[int, MallError]:
    """Hold the points of each, and spend them where nothing more is to come; the refusals of those who may not."""
    refused: dict[int, MallError] = {}
    zone, terms = mall_zone(), next(iter(going.values())).terms
    members = [one.wish.member_id for one in going.values()]
    together = len(members) > 1
    opened = open_free_books(tx, members, now) if together else open_books(tx, members, now, wait=patient)
    with opened as books:
        # Under the locks of the wallets the members' other orders are all there to be counted.
        used = used_within(tx, members, terms.gift_id, terms.limits, now, zone)
        for place, one in going.items():
            member_id = one.wish.member_id
            if member_id not in books:
                refused[place] = Unavailable("try_again")
                continue
            try:
                _pay_one(tx, one, books[member_id], used[member_id], now)
            except MallError as error:
                refused[place] = error
    return refused


def _pay_one(tx: Session, one: _Ready, book: Book, used: list[int], now: datetime) -> None:
    terms, asked, member_id = one.terms, one.wish.asked, one.wish.member_id
    points = order_points(terms.points, asked.quantity)
    refuse_if_any(limit_refusals(terms.limits, used, asked.quantity))
    refuse_if_any(counted(tx, terms.rules, member_id, Asked(asked.quantity, terms.points), now, lock=True).refusals)
    refuse_if_any(purse_refusals(points, book.wallet.available, book.wallet.debt))
    if terms.queue_id is not None and not use_turn(tx, terms.queue_id, member_id, one.order_id, now):
        raise Conflict("queue_turn_needed")
    book.hold(points, hold_id=one.order_id, label="gift", ref=one.order_id, new_id=True)
    if terms.cash_cents is None and terms.kind != "draw":
        book.capture(one.order_id)


def _check_delivery(terms: Terms, delivery: Address | None) -> None:
    if terms.kind == "delivery" and delivery is None:
        raise Invalid({"delivery": [_("Please say where it should go.")]})
    if terms.kind != "delivery" and delivery is not None:
        raise Invalid({"delivery": [_("This gift is not sent.")]})


def _write(tx: Session, paid: Sequence[_Ready], now: datetime) -> list[OrderView]:
    cur, ring = cursor(tx), keyring()
    orders, boxes = [], []
    for one in paid:
        order = _new_order(ring, one)
        issued, taken = Status.ISSUED in order.path, []
        if order.kind == "voucher":
            shown_at = now if issued and one.wish.secrets else None
            taken = list(take_codes(cur, order.item_id, order.id, order.quantity, shown_at))
            if len(taken) < order.quantity:
                raise Conflict("sold_out", extra={"left": len(taken)})
        orders.append(order)
        boxes.append(taken if issued and one.wish.secrets else [])
    try:
        written = insert_orders(cur, ring, orders, local_date(now, mall_zone()), now)
    except NotAllPresent as error:
        if len(orders) > 1:
            raise NotTogether from error
        lock_present(tx, orders[0].member_id)
        raise Forbidden("forbidden", suspended_sentence()) from error
    views = []
    for one, order, inserted, taken in zip(paid, orders, written, boxes, strict=True):
        cash = None if order.cash_cents is None else open_payment(tx, order.id, order.cash_cents, now)
        codes = tuple(open_box(ring, box) for box in taken)
        views.append(_view(one, order, inserted, codes, cash, now))
    return views


def _new_order(ring: Keyring, one: _Ready) -> NewOrder:
    terms, asked, order_id = one.terms, one.wish.asked, one.order_id
    points, cash_cents = order_points(terms.points, asked.quantity), order_cash(terms.cash_cents, asked.quantity)
    approval = terms.must_be_approved(points)
    by_hand = terms.needs_preparation or approval
    follows = path_after(terms.kind, Status.PLACED, by_hand=by_hand, approval=approval)
    sealed = seal_address(ring, order_id, asked.delivery) if asked.delivery is not None else None
    top_up = None
    if terms.top_up is not None and asked.target is not None:
        top_up = seal_top_up(ring, order_id, terms.top_up, asked.target)
    return NewOrder(
        order_id, one.wish.member_id, terms.gift_id, terms.item_id, terms.kind, asked.quantity, points, terms.name,
        terms.variant_name, terms.picture, terms.point.id if terms.point else None,
        [Status.PLACED, *(follows if cash_cents is None else [Status.AWAITING_PAYMENT])], terms.cause_id, cash_cents,
        terms.cash_currency, terms.queue_id, sealed, top_up,
    )  # fmt: skip


def _view(
    one: _Ready, order: NewOrder, inserted: Inserted, codes: tuple[str, ...], cash: Cash | None, now: datetime
) -> OrderView:
    terms, secrets, ready = one.terms, one.wish.secrets, inserted.pickup_code
    return OrderView(
        order.id, inserted.number, terms.gift_id, terms.name, terms.variant_name, terms.picture, terms.kind,
        order.path[-1].value, order.quantity, order.points, None, now, now + COLLECT_WITHIN if ready else None,
        [HistoryStep(status.value, now, "member") for status in order.path], terms.point,
        ready.code if ready and secrets else None, codes, one.wish.asked.delivery if secrets else None,
        target=one.wish.asked.target if secrets else None,
        top_up_state=State.WAITING.value if order.top_up else None, cash=cash, draw_id=terms.draw_id,
        draw_closes_at=terms.window.on_sale_until if terms.draw_id else None,
    )  # fmt: skip
