"""Group commit for orders: those of one gift that arrive together are placed in one transaction.

The stock row of a hot gift is held from the statement that takes a piece until the commit, so orders placed one by
one pass through it at the pace of their commits. Together they take their pieces in one step. Only what goes through
smoothly is placed so: a refusal, a repeat, a gift whose orders depend on each other, or a group that runs into
anything at all is placed alone, in its caller's own thread and language, as if there were no groups
(docs/adr/0010).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime

import structlog
from flask import Response
from flask_babel import force_locale
from sqlalchemy.orm import Session

from catalog.redemption.place import NotTogether, OrderRequest, Wish, place_orders
from catalog.redemption.views import OrderView
from mall.db import Login, run_tx
from mall.errors import Conflict, MallError, Unavailable
from mall.gather import Gathering, gathering_of
from mall.http import idempotency
from mall.proxies import this_app
from points.ledger.books import WalletsBusy

MOST_TOGETHER = 50
"""Far more than the threads of a process; bounds how long a transaction of many can get."""

log = structlog.get_logger("catalog.redemption")


@dataclass(frozen=True, slots=True)
class Order:
    """An order on its way: whose, under which key, how it is read and answered, and how it is placed alone."""

    member_id: str
    keyed: idempotency.Keyed
    secrets: bool
    language: str
    now: datetime
    whole: Callable[[Session], OrderRequest]
    """What is asked for, with what it has to look up for that; may raise as placing does."""
    answer: Callable[[OrderView], Response]
    alone: Callable[[bool], Response]
    """The whole of it in a transaction of its own; told whether to wait for the member's wallet, or to raise
    WalletsBusy."""


def place_together(gift_id: str, variant_id: str | None, order: Order) -> Response:
    """The answer to an order that is placed alone or with others, whichever comes sooner."""
    app = this_app()
    gathering: Gathering[Order, Response | None] = gathering_of(app, "orders_together", MOST_TOGETHER)
    answer = gathering.join((gift_id, variant_id), order, _serve)
    return order.alone(True) if answer is None else answer


def _serve(orders: Sequence[Order]) -> list[Response | None]:
    """The first of ``orders`` is the caller's own. None for one that is to be placed alone.

    Others stand in line meanwhile, so nobody's wallet is waited for: who would have to leaves the line.
    """
    if len(orders) == 1:
        try:
            return [orders[0].alone(False)]
        except WalletsBusy:
            return [None]
    try:
        return run_tx(Login.REDEMPTION, lambda tx: _place(tx, orders))
    except Unavailable:
        raise
    except (NotTogether, Conflict):
        return [None] * len(orders)
    except Exception:
        log.exception("orders together")
        return [None] * len(orders)


def _place(tx: Session, orders: Sequence[Order]) -> list[Response | None]:
    now = max(order.now for order in orders)
    answers: list[Response | None] = [None] * len(orders)
    wishes: dict[int, Wish] = {}
    for place in _first_of_each(orders, idempotency.claim(tx, [order.keyed for order in orders], now)):
        order = orders[place]
        try:
            wishes[place] = Wish(order.member_id, order.whole(tx), order.secrets)
        except MallError:
            continue
    if not wishes:
        return answers
    placed = place_orders(tx, list(wishes.values()), now)
    for place, view in zip(wishes, placed, strict=True):
        if isinstance(view, OrderView):
            language = orders[place].language
            with nullcontext() if language == orders[0].language else force_locale(language):
                answers[place] = orders[place].answer(view)
    done = [(order.keyed, answer) for order, answer in zip(orders, answers, strict=True) if answer is not None]
    idempotency.remember(tx, done, now)
    return answers


def _first_of_each(orders: Sequence[Order], may: Sequence[bool]) -> list[int]:
    """Of each member only one order: the second is judged when the first stands."""
    seen: set[str] = set()
    chosen = []
    for place, (order, free) in enumerate(zip(orders, may, strict=True)):
        if free and order.member_id not in seen:
            seen.add(order.member_id)
            chosen.append(place)
    return chosen
