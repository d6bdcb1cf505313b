"""The top-up of an order, from placing it to its end: what is asked, of whom, and what the answers do to the order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from catalog.notices.for_staff import resolve, tell_staff
from catalog.redemption.advance import Step, take_step
from catalog.redemption.lifecycle import By, Status
from catalog.redemption.models import Order
from catalog.redemption.writer import lock_order, move_order
from catalog.topups.asking import open_target
from catalog.topups.models import TopUp, TopUpProvider
from catalog.topups.states import Judged, State, Verdict
from mall.crypto import keyring
from mall.db import cursor, must_get
from mall.errors import Conflict
from mall.http.fields import wire_instant
from mall.json_text import compact
from mall.webhooks.delivery import Message, next_attempt
from mall.webhooks.shared_secret import secrets_of

SYSTEM = "system:top-ups"
STUCK_NOTICE = "top_up.stuck"
LEASE = timedelta(minutes=2)
"""How long whoever sends has before somebody else may: longer than the longest attempt."""
OPEN = (State.WAITING.value, State.ACCEPTED.value)


@dataclass(frozen=True, slots=True)
class Due:
    """A message to send now, and what it needs to be judged afterwards."""

    order_id: str
    attempts: int
    asked_before: bool
    message: Message
    secrets: list[str]


def claim_due(tx: Session, now: datetime) -> Due | None:
    """The next top-up that is due, taken for two minutes; its order is now beyond its member's cancelling.

    None when there is none. A top-up whose order was cancelled first is closed.
    """
    query = (
        select(TopUp, TopUpProvider, Order.status)
        .join(TopUpProvider, TopUpProvider.id == TopUp.provider_id)
        .join(Order, Order.id == TopUp.order_id)
        .where(TopUp.next_at <= now, TopUp.state.in_(OPEN), TopUpProvider.active)
        .where(Order.status.not_in((Status.PLACED.value, Status.AWAITING_PAYMENT.value)))
        .order_by(TopUp.next_at, TopUp.order_id)
        .limit(1)
        .with_for_update(of=TopUp, skip_locked=True)
    )
    row = tx.execute(query).one_or_none()
    if row is None:
        return None
    top_up, provider, _status = row
    order = lock_order(cursor(tx), top_up.order_id)
    assert order is not None, "orders are never deleted"
    if order.status == Status.CONFIRMED:
        move_order(cursor(tx), keyring(), order, [Status.PREPARING], SYSTEM, now)
    elif order.status != Status.PREPARING:  # cancelled, or settled by hand
        _close(top_up, State.DONE if order.status in (Status.ISSUED, Status.COMPLETED) else State.REFUSED, now)
        tx.flush()
        return claim_due(tx, now)
    target = open_target(keyring(), order.id, top_up.target_box)
    top_up.attempts, top_up.next_at, top_up.updated_at = top_up.attempts + 1, now + LEASE, now
    tx.flush()
    asked_before = top_up.state == State.ACCEPTED
    body = {
        "type": "top_up.status" if asked_before else "top_up.requested",
        "timestamp": wire_instant(now),
        "data": {"order": order.id, "product": top_up.product, "quantity": order.quantity, "target": target},
    }
    raw = compact(body).encode()
    message_id = f"{order.id}.status.{top_up.attempts}" if asked_before else order.id
    message = Message(provider.url, message_id, raw)
    return Due(order.id, top_up.attempts, asked_before, message, secrets_of(provider, now))


def settle(tx: Session, order_id: str, judged: Judged, now: datetime, *, actor: str = SYSTEM) -> State:
    """What an answer does: completes the order, gives the points back, waits, or hands it to staff.

    The same answer again, or one for a top-up that has ended, changes nothing. Raises NotFound. Returns the state.
    """
    top_up = must_get(tx, TopUp, order_id, with_for_update=True, populate_existing=True)
    state = State(top_up.state)
    if state in (State.DONE, State.REFUSED):
        return state
    top_up.reference = judged.reference or top_up.reference
    top_up.problem, top_up.updated_at = judged.problem, now
    if judged.verdict == Verdict.DONE:
        _close(top_up, State.DONE, now)
        _complete(tx, order_id, actor, now)
    elif judged.verdict == Verdict.REFUSED:
        _close(top_up, State.REFUSED, now)
        _give_back(tx, order_id, judged.words, actor, now)
    elif judged.verdict == Verdict.ACCEPTED and state == State.WAITING:
        # Asked after from the third interval on: the callback is expected sooner.
        top_up.state, top_up.attempts = State.ACCEPTED.value, 2
        top_up.next_at = next_attempt(2, now)
    elif state != State.STUCK:
        top_up.next_at = next_attempt(top_up.attempts, now)
        if top_up.next_at is None:
            top_up.state = State.STUCK.value
            tell_staff(tx, STUCK_NOTICE, f"order:{order_id}", {"problem": judged.problem}, now)
    if state == State.STUCK and top_up.state != State.STUCK:
        resolve(tx, STUCK_NOTICE, f"order:{order_id}", now)
    tx.flush()
    return State(top_up.state)


def _close(top_up: TopUp, state: State, now: datetime) -> None:
    top_up.state, top_up.next_at, top_up.updated_at = state.value, None, now


def _complete(tx: Session, order_id: str, actor: str, now: datetime) -> None:
    order = lock_order(cursor(tx), order_id)
    assert order is not None, "orders are never deleted"
    if order.status in (Status.CONFIRMED, Status.PREPARING):
        move_order(cursor(tx), keyring(), order, [Status.ISSUED, Status.COMPLETED], actor, now)


def _give_back(tx: Session, order_id: str, words: str | None, actor: str, now: datetime) -> None:
    try:
        take_step(
            tx, order_id, Step(Status.CANCELLED.value, By.SYSTEM, actor, words or _("The provider refused.")), now
        )
    except Conflict as error:  # ended by hand meanwhile
        if error.code != "illegal_transition":
            raise


def decide(tx: Session, order_id: str, outcome: str, reason: str, actor: str, now: datetime) -> None:
    """Staff settle a top-up that is open or stuck: ``retry``, ``done`` (topped up otherwise) or ``refund``.

    Raises NotFound, Conflict ``top_up_ended``.
    """
    top_up = must_get(tx, TopUp, order_id, with_for_update=True, populate_existing=True)
    if top_up.state in (State.DONE, State.REFUSED):
        raise Conflict("top_up_ended")
    if outcome == "retry":
        if top_up.state == State.STUCK:
            top_up.state = State.WAITING.value
            resolve(tx, STUCK_NOTICE, f"order:{order_id}", now)
        top_up.attempts, top_up.next_at, top_up.updated_at = 0, now, now
        tx.flush()
        return
    verdict = Verdict.DONE if outcome == "done" else Verdict.REFUSED
    settle(tx, order_id, Judged(verdict, words=reason), now, actor=actor)


def forget_targets(tx: Session, before: datetime) -> int:
    """Delete the accounts of top-ups whose orders ended before ``before``; returns how many."""
    ended = text("""UPDATE top_ups AS t SET target_box = NULL FROM orders AS o WHERE o.id = t.order_id
     AND t.target_box IS NOT NULL AND o.moved_at <= :before
     AND o.status IN ('completed', 'cancelled', 'expired', 'returned', 'refunded')""")
    return int(tx.execute(ended, {"before": before}).rowcount)  # type: ignore[attr-defined]


def forget_targets_of(tx: Session, member_id: str) -> None:
    """Delete the accounts of a member who leaves, but those that are being topped up at this moment."""
    mine = select(Order.id).where(Order.member_id == member_id)
    ended = update(TopUp).where(TopUp.order_id.in_(mine), TopUp.next_at.is_(None)).values(target_box=None)
    tx.execute(ended.execution_options(synchronize_session=False))


def top_ups_page(tx: Session, state: str | None, limit: int, before: str | None) -> list[Any]:
    """Top-ups with the number of their orders, newest first; one more than ``limit`` tells that there are more."""
    query = select(TopUp, Order.number, Order.gift_name, Order.quantity, Order.status).join(
        Order, Order.id == TopUp.order_id
    )
    if state is not None:
        query = query.where(TopUp.state == state)
    if before is not None:
        query = query.where(TopUp.order_id < before)
    return list(tx.execute(query.order_by(TopUp.order_id.desc()).limit(limit + 1)).all())
