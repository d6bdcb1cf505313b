"""Answers to announced debits, and what becomes of them: taken when their time is over or staff say so, or waived."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mall import audit
from mall.crypto import keyring
from mall.db import cursor, must_get
from mall.errors import Conflict, NotFound
from mall.http.pagination import newest_first
from points.earning.book_events import mall_zone
from points.earning.caps import Counters
from points.earning.cases import Settler
from points.earning.decide import decide
from points.earning.event_types import EventSource
from points.earning.reverse_event import case_counter_keys
from points.earning.rules import rule_set
from points.earning.source_models import AnnouncedDebit
from points.earning.store import Writes, case_events, load_counters, read_case
from points.earning.versions import By
from points.ledger.books import open_books

PURPOSE = "appeal-answer"
MOST_SHOWN = 100


def own_debits(tx: Session, member_id: str) -> Sequence[AnnouncedDebit]:
    """The debits announced to a member, newest first."""
    query = select(AnnouncedDebit).where(AnnouncedDebit.member_id == member_id)
    return tx.scalars(query.order_by(AnnouncedDebit.id.desc()).limit(MOST_SHOWN)).all()


def answer(tx: Session, member_id: str, debit_id: str, words: str, now: datetime) -> AnnouncedDebit:
    """A member answers; from then on staff decide. Raises NotFound, Conflict ``already_decided``/``_answered``."""
    debit = tx.get(AnnouncedDebit, debit_id, with_for_update=True)
    if debit is None or debit.member_id != member_id:
        raise NotFound()
    if debit.state != "open":
        raise Conflict("already_decided")
    if debit.answer_box is not None:
        raise Conflict("already_answered")
    debit.answer_box, debit.answered_at = keyring().encrypt(PURPOSE, words.encode()), now
    tx.flush()
    return debit


def answer_of(debit: AnnouncedDebit) -> str | None:
    """What the member answered."""
    return keyring().decrypt(PURPOSE, debit.answer_box).decode() if debit.answer_box is not None else None


def appeal_page(tx: Session, state: str, limit: int, cursor_text: str | None) -> dict[str, Any]:
    """Announced debits in a state, newest first. Raises Invalid for a cursor that is not ours."""
    in_state = select(AnnouncedDebit).where(AnnouncedDebit.state == state)
    return newest_first(tx, in_state, AnnouncedDebit.id, limit, cursor_text)


def open_appeals(tx: Session) -> int:
    """How many debits are announced and neither taken nor waived yet."""
    return tx.scalar(select(func.count()).where(AnnouncedDebit.state == "open")) or 0


def uphold(tx: Session, debit_id: str, reason: str, by: By) -> AnnouncedDebit:
    """Take the points now. Raises NotFound, Conflict ``already_decided``."""
    debit = take(tx, debit_id, by.now, by.name)
    _note(tx, "upheld", debit, reason, by)
    return debit


def waive(tx: Session, debit_id: str, reason: str, by: By) -> AnnouncedDebit:
    """Leave the points to the member for good. Raises NotFound, Conflict ``already_decided``."""
    debit = _open(tx, debit_id)
    _close(tx, debit, "waived", by.now, by.name)
    _note(tx, "waived", debit, reason, by)
    return debit


def due_debits(tx: Session, now: datetime, most: int) -> Sequence[str]:
    """Ids of debits whose time is over and that nobody has answered; an answered one waits for staff."""
    due = select(AnnouncedDebit.id).where(
        AnnouncedDebit.state == "open", AnnouncedDebit.bites_at <= now, AnnouncedDebit.answer_box.is_(None)
    )
    return tx.scalars(due.order_by(AnnouncedDebit.bites_at, AnnouncedDebit.id).limit(most)).all()


def take(tx: Session, debit_id: str, now: datetime, decided_by: str | None) -> AnnouncedDebit:
    """Settle the case of a debit as its stage says. Raises NotFound, Conflict ``already_decided``."""
    found = must_get(tx, AnnouncedDebit, debit_id)
    cur, zone = cursor(tx), mall_zone()
    row = cur.execute("SELECT coalesce(alias_of, id) FROM members WHERE id = %s", (found.member_id,)).fetchone()
    owner = row[0] if row else found.member_id
    with open_books(tx, [owner], now) as books:  # the wallet first, as everywhere
        debit, case = _open(tx, debit_id), read_case(cur, found.case_key)
        assert case is not None
        case.member_id = owner
        rules = rule_set(cur)
        decider, worths = decide(case, case_events(cur, case.case_key), rules, zone)
        settler = Settler(rules, Counters(), zone, now, appeals_over=True)
        load_counters(cur, case_counter_keys(case, worths, rules, now), settler.counters)
        occurred_at = decider.occurred_at if decider else now
        change = settler.settle(case, worths, EventSource(case.source_id), books[owner], occurred_at)
        writes = Writes(keyring(), now)
        writes.cases([case])
        writes.awards(settler.touched.values())
        writes.counters(settler.counters)
        writes.standings({owner: change.public_points})
        writes.write(cur)
    _close(tx, debit, "taken", now, decided_by)
    return debit


def _open(tx: Session, debit_id: str) -> AnnouncedDebit:
    debit = must_get(tx, AnnouncedDebit, debit_id, with_for_update=True, populate_existing=True)
    if debit.state != "open":
        raise Conflict("already_decided")
    return debit


def _close(tx: Session, debit: AnnouncedDebit, state: str, now: datetime, decided_by: str | None) -> None:
    debit.state, debit.decided_at, debit.decided_by = state, now, decided_by
    tx.flush()


def _note(tx: Session, deed: str, debit: AnnouncedDebit, reason: str, by: By) -> None:
    told = {"rule": debit.rule_key, "points": debit.points, "reason": reason}
    audit.record(tx, by.name, f"debit.{deed}", f"debit:{debit.id}", told, by.now, by.request_id)
