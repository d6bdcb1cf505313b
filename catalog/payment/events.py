"""Messages of the provider: stored first, once for each id; settled once, at once or by the job."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from catalog.payment import gateway as said
from catalog.payment.configured import gateway
from catalog.payment.disputes import note_dispute
from catalog.payment.models import PaymentEvent
from catalog.payment.refunds import note_refund
from catalog.payment.settle import settle_session
from mall.db import Login, run_tx
from mall.errors import Malformed, NotFound

AT_ONCE = 100
KEPT = timedelta(days=90)
UNKNOWN_AFTER = timedelta(days=3)
"""How long a message about a payment that the mall does not know is tried again."""
_KINDS: dict[str, type[said.Session | said.Refund | said.Dispute]] = {
    "session": said.Session, "refund": said.Refund, "dispute": said.Dispute
}  # fmt: skip


def receive(raw: bytes, signature: str, now: datetime) -> None:
    """Take a message in and settle it.

    Raises NotFound without a provider, Malformed ``bad_signature`` for what the provider has not signed. Whatever
    fails after it is stored is done by the job.
    """
    provider = gateway()
    if provider is None:
        raise NotFound()
    try:
        event = provider.read_event(raw, signature)
    except said.BadEvent as error:
        raise Malformed("bad_signature") from error
    run_tx(Login.BACKOFFICE, lambda tx: _store(tx, event, now))
    run_tx(Login.BACKOFFICE, lambda tx: settle_event(tx, event.id, now))


def _store(tx: Session, event: said.Event, now: datetime) -> None:
    facts: dict[str, Any] = {}
    if event.about is not None:
        kind = type(event.about).__name__.lower()
        facts = {"kind": kind, **{name: value for name, value in asdict(event.about).items() if name != "url"}}
    row = {"id": event.id, "type": event.type, "facts": facts, "received_at": now}
    tx.execute(insert(PaymentEvent).values(row).on_conflict_do_nothing())


def settle_event(tx: Session, event_id: str, now: datetime) -> str:
    """Do what a stored message says, unless it is done; returns what that was in a word."""
    event = tx.get(PaymentEvent, event_id, with_for_update=True, populate_existing=True)
    assert event is not None
    if event.settled_at is not None:
        return "known"
    outcome = _effect(tx, event.facts, now)
    if outcome == "unknown" and now < event.received_at + UNKNOWN_AFTER:  # may be ahead of what it is about
        return outcome
    event.settled_at, event.outcome = now, outcome
    tx.flush()
    return outcome


def _effect(tx: Session, facts: dict[str, Any], now: datetime) -> str:
    if not facts:
        return "ignored"
    about = _KINDS[facts["kind"]](**{name: value for name, value in facts.items() if name != "kind"})
    if isinstance(about, said.Session):
        return settle_session(tx, about, now)
    if isinstance(about, said.Refund):
        return note_refund(tx, about, now)
    return note_dispute(tx, about, now)


def settle_events(now: datetime) -> int:
    """Settle messages that were stored and no more; returns how many."""
    waiting = select(PaymentEvent.id).where(PaymentEvent.settled_at.is_(None)).order_by(PaymentEvent.received_at)
    due = run_tx(Login.BACKOFFICE, lambda tx: list(tx.scalars(waiting.limit(AT_ONCE))))
    outcomes = [run_tx(Login.BACKOFFICE, lambda tx, one=one: settle_event(tx, one, now)) for one in due]  # type: ignore[misc]
    return sum(outcome != "unknown" for outcome in outcomes)


def forget_events(tx: Session, now: datetime) -> int:
    """Delete messages settled 90 days ago; returns how many."""
    old = delete(PaymentEvent).where(PaymentEvent.settled_at < now - KEPT)
    return int(tx.execute(old).rowcount)  # type: ignore[attr-defined]
