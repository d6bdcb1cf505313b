"""Taking an event back: it leaves its case, which takes its latest remaining stage."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from mall.crypto import keyring
from mall.db import cursor
from mall.errors import NotFound
from points.earning.announced_debits import announce, tell_debits
from points.earning.book_events import mall_zone
from points.earning.budgets import budget_keys
from points.earning.caps import CounterKey, Counters, counter_keys
from points.earning.case_states import CaseState
from points.earning.cases import Settler
from points.earning.decide import decide
from points.earning.evaluate import AwardWorth, RuleSet
from points.earning.event_rows import Item
from points.earning.event_types import EventIn, EventSource
from points.earning.keys import event_key, open_event, parse_public_id, public_id, seal_reason
from points.earning.rules import rule_set
from points.earning.store import Writes, case_events, load_counters, mark_reversed, read_state
from points.earning.webhooks import note_reversal
from points.ledger.books import open_books

_FIND = """SELECT e.event_key, e.box, coalesce(m.alias_of, e.member_id), e.case_key, e.type, e.occurred_at
 FROM sources.credit_events e LEFT JOIN members m ON m.id = e.member_id
 WHERE e.event_key = %s AND e.source_id = %s"""
_DONE = "SELECT reversal_points FROM sources.credit_events WHERE event_key = %s AND reversed_at IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Reversed:
    """What a reversal answered; ``again``: the event had been reversed before."""

    body: dict[str, Any]
    again: bool


def find_key(source_id: str, either_id: str) -> bytes:
    """The key of an event by the mall's id or the source's own."""
    return parse_public_id(either_id) or event_key(keyring(), source_id, either_id)


def reverse_event(tx: Session, source: EventSource, either_id: str, reason: str, now: datetime) -> Reversed:
    """Reverse an event of ``source``. Raises NotFound for an unknown one; twice gives the first answer."""
    cur, zone = cursor(tx), mall_zone()
    row = cur.execute(_FIND, (find_key(source.source_id, either_id), source.source_id)).fetchone()
    if row is None:
        raise NotFound()
    key, box, member_id, case_key, kind, occurred_at = row
    event_id, member, subject = open_event(keyring(), box)
    body = {"id": public_id(key), "event_id": event_id, "status": "reversed", "points": 0}
    with open_books(tx, [member_id], now) as books:
        done = cur.execute(_DONE, (key,)).fetchone()
        if done is not None:
            return Reversed({**body, "points": done[0]}, again=True)
        event = EventIn(event_id, kind, member, occurred_at, subject)
        item = Item(event, key, b"", b"", member_id, case_key)
        _, cases = read_state(cur, [item])
        case = cases[case_key]
        case.member_id = member_id
        points = 0
        if case.deciding_event == key:
            rules = rule_set(cur)
            remaining = [event for event in case_events(cur, case_key) if event.event_key != key]
            decider, worths = decide(case, remaining, rules, zone)
            settler = Settler(rules, Counters(), zone, now)
            load_counters(cur, case_counter_keys(case, worths, rules, now), settler.counters)
            change = settler.settle(case, worths, source, books[member_id], occurred_at)
            case.deciding_event = decider.event_key if decider else None
            case.deciding_at = decider.occurred_at if decider else None
            points = change.points
            writes = Writes(keyring(), now)
            writes.cases([case])
            writes.awards(settler.touched.values())
            writes.counters(settler.counters)
            writes.standings({member_id: change.public_points})
            writes.write(cur)
            if rules.appealing:
                tell_debits(tx, announce(cur, settler, now), now)
        mark_reversed(cur, key, now, points, seal_reason(keyring(), reason))
        note_reversal(cur, key, source.source_id, now)
    return Reversed({**body, "points": points}, again=False)


def case_counter_keys(case: CaseState, worths: list[AwardWorth], rules: RuleSet, now: datetime) -> set[CounterKey]:
    zone = mall_zone()
    used = [award.rule for award in worths]
    used += [
        rule
        for award in case.awards.values()
        if (rule := rules.version(award.rule_key, award.rule_version)) is not None
    ]
    keys = {key for rule in used for key in counter_keys(rule, case.member_id, case.anchor_at, zone)}
    return keys | budget_keys(rules.budgets, {rule.key for rule in used} | case.awards.keys(), now, zone)
