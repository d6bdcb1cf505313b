"""Booking credit events: the one write path, for a single event and for a batch alike.

An ordered batch goes through in a fixed number of round trips: look up, lock the members' wallets in id
order, read the cases under those locks, settle in memory, write everything. Each item stands alone: a refusal
is that item's outcome and the others book. A single event is a batch of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from flask import current_app
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from mall.crypto import keyring
from mall.db import cursor
from mall.errors import Conflict, Forbidden, Invalid, MallError
from mall.http.principals import ClientPrincipal
from points.earning.announced_debits import announce, tell_debits
from points.earning.budget_warnings import tell_warnings
from points.earning.budgets import budget_keys, warnings_due
from points.earning.caps import DAILY, CounterKey, Counters, counter_keys
from points.earning.case_states import CaseState
from points.earning.cases import Settler
from points.earning.evaluate import AwardWorth, RuleSet
from points.earning.event_rows import Item, KnownEvent, NewEvent, award_body
from points.earning.event_types import EVENT_TYPES, INTERNAL_TYPES, EventIn, EventSource, Facts
from points.earning.keys import case_key, event_key, fingerprint, member_hash, subject_key
from points.earning.limits import Budget
from points.earning.member_facts import member_facts
from points.earning.periods import FIRST_MOMENT, period_start
from points.earning.reports import Report, roles
from points.earning.rules import rule_set
from points.earning.source_members import open_missing
from points.earning.store import Writes, load_counters, look_up, read_state
from points.ledger.books import Books, open_books

AHEAD = timedelta(minutes=10)
"""How far in the future an event may claim to have occurred: clocks differ (docs/api.md)."""
EXPLICIT = "points.credit"
EXPLICIT_SCOPE = "credits:explicit"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one event: a body, or the refusal. ``replayed``: it had been booked before."""

    body: dict[str, Any] | None = None
    error: MallError | None = None
    replayed: bool = False


def source_of(client: ClientPrincipal) -> EventSource:
    """A reporting system as a source of events."""
    return EventSource(
        client.client_id,
        may_credit=EXPLICIT_SCOPE in client.scopes,
        daily_cap_points=client.daily_cap_points,
    )


def mall_zone() -> ZoneInfo:
    """The zone by which the mall counts days."""
    zone: ZoneInfo = current_app.extensions["settings"].zone
    return zone


def book_events(tx: Session, source: EventSource, events: Sequence[EventIn], now: datetime) -> list[Outcome]:
    """Book ``events`` in the order given and say what became of each.

    An event booked before gives its first answer again, with other content Conflict ``event_mismatch``.
    Other refusals: Forbidden ``scope_missing``, Invalid (time, type or label), Conflict
    ``daily_cap_reached``. Outcomes carry refusals; nothing is raised for a bad item.
    """
    if not events:
        return []
    booking = _Booking(cursor(tx), source, now, mall_zone())
    items = booking.prepare(events)
    if items:
        with open_books(tx, [item.member_id for _place, item in items], now) as books:
            booking.book(items, books)
        tell_warnings(tx, booking.warnings, now, booking.zone)
        tell_debits(tx, booking.debits, now)
    return booking.outcomes


@dataclass(slots=True)
class _Booking:
    cur: psycopg.Cursor[tuple]
    source: EventSource
    now: datetime
    zone: ZoneInfo
    rules: RuleSet = field(default_factory=lambda: RuleSet([]))
    outcomes: list[Outcome] = field(default_factory=list)
    warnings: list[tuple[Budget, int]] = field(default_factory=list)
    """Budgets that have just come to 80 %."""
    debits: list[tuple[str, str]] = field(default_factory=list)
    """Debits just announced, and their members."""
    is_heard: bool = False
    """Whether a webhook wants to hear of this source."""

    def prepare(self, events: Sequence[EventIn]) -> list[tuple[int, Item]]:
        """Answer what can be answered without locks; the rest, with their members and cases, is to be booked."""
        ring, source = keyring(), self.source
        asked = [
            Item(
                event,
                event_key(ring, source.source_id, event.event_id),
                fingerprint(ring, event),
                member_hash(ring, source.source_id, event.member),
                event.member if source.internal else "",
            )
            for event in events
        ]
        token, self.is_heard, known = look_up(self.cur, source.source_id, asked)
        self.rules = rule_set(self.cur, token)
        self.outcomes = [Outcome()] * len(asked)
        left: list[tuple[int, Item]] = []
        for place, (item, before) in enumerate(zip(asked, known, strict=True)):
            if before is not None:
                self.outcomes[place] = _repeat(item, before)
            elif (error := self._refusal(item.event)) is not None:
                self.outcomes[place] = Outcome(error=error)
            else:
                left.append((place, item))
        if not source.internal:
            open_missing(self.cur, ring, source, [item for _place, item in left], self.now)
        for _place, item in left:
            item.case_key = case_key(ring, source, item.event, item.member_id, self.zone)
        return left

    def _refusal(self, event: EventIn) -> MallError | None:
        if event.type in INTERNAL_TYPES and not self.source.internal:
            return Invalid({"type": [_("Is not one of the values allowed.")]})
        if event.occurred_at > self.now + AHEAD:
            return Invalid({"occurred_at": [_("Lies in the future.")]})
        if event.occurred_at < FIRST_MOMENT:
            return Invalid({"occurred_at": [_("Is before 1970.")]})
        if event.type != EXPLICIT or self.source.internal:
            return None
        if not self.source.may_credit:
            return Forbidden("scope_missing", extra={"scopes": [EXPLICIT_SCOPE]})
        if event.facts["label"] not in self.rules.labels:
            return Invalid({"data.label": [_("Is not one of the values allowed.")]})
        return None

    def book(self, items: list[tuple[int, Item]], books: Books) -> None:
        """Settle and write, under the locks of the members' wallets."""
        known, cases = read_state(self.cur, [item for _place, item in items])
        self._meet(items)
        worths = [self._worth(item.event) for _place, item in items]
        settler = Settler(self.rules, Counters(), self.zone, self.now)
        load_counters(self.cur, self._counter_keys(items, worths, cases), settler.counters)
        new: list[NewEvent] = []
        public: dict[str, int] = {}
        touched: dict[bytes, CaseState] = {}
        for (place, item), worth in zip(items, worths, strict=True):
            before = known.get(item.event_key)
            if before is not None:
                self.outcomes[place] = _repeat(item, before)
                continue
            if not self._within_daily_cap(item.event, settler.counters):
                self.outcomes[place] = Outcome(error=Conflict("daily_cap_reached"))
                continue
            case = cases.get(item.case_key)
            if case is None:
                case = cases[item.case_key] = CaseState(
                    item.case_key,
                    self.source.source_id,
                    item.member_id,
                    item.event.type,
                    item.event.occurred_at,
                )
            case.member_id = item.member_id
            touched[item.case_key] = case
            event, public_points = self._settle(item, worth, case, settler, books)
            new.append(event)
            public[item.member_id] = public.get(item.member_id, 0) + public_points
            known[item.event_key] = event.known()
            self.outcomes[place] = Outcome(event.known().body(item.event.event_id))
        writes = Writes(keyring(), self.now)
        writes.events(self.source.source_id, new)
        writes.cases(touched.values())
        writes.awards(settler.touched.values())
        if self.rules.budgets:
            self.warnings = warnings_due(settler.counters, self.rules.budgets, self.now, self.zone)
        writes.counters(settler.counters)
        writes.standings(public)
        if self.is_heard:
            writes.facts(self.source.source_id, new)
        writes.write(self.cur)
        if self.rules.appealing:
            self.debits = announce(self.cur, settler, self.now)

    def _settle(
        self, item: Item, worth: list[AwardWorth], case: CaseState, settler: Settler, books: Books
    ) -> tuple[NewEvent, int]:
        event = item.event
        book = books[item.member_id]
        change = settler.arrive(case, item.event_key, event.occurred_at, worth, self.source, book)
        if change is None:
            reason = EVENT_TYPES[event.type].not_deciding_reason
            return NewEvent(item, case.arrivals, "no_award", 0, reason, []), 0
        if change.reason is not None:
            return NewEvent(item, case.arrivals, "no_award", 0, change.reason, []), change.public_points
        status = "pending" if change.waits else "booked"
        awards = [award_body(line) for line in change.lines]
        return NewEvent(item, case.arrivals, status, change.points, None, awards), change.public_points

    def _meet(self, items: list[tuple[int, Item]]) -> None:
        """Add what rules want to know of the members to the facts of their events."""
        if self.rules.splitting:
            self._tell_reports_apart([item for _place, item in items if item.event.type in self.rules.splitting])
        asked = {event_type for event_type, names in self.rules.member_facts.items() if names}
        if not asked:
            return
        asking = [item for _place, item in items if item.event.type in asked]
        wanted = frozenset().union(*(self.rules.member_facts[item.event.type] for item in asking))
        if not wanted:
            return
        known = member_facts(self.cur, {item.member_id for item in asking}, wanted, self.now, self.zone)
        for item in asking:
            own = known.get(item.member_id, {})
            item.event = replace(item.event, facts={**item.event.facts, **own})

    def _tell_reports_apart(self, items: list[Item]) -> None:
        ring, source_id = keyring(), self.source.source_id
        reports = [
            Report(
                subject_key(ring, source_id, item.event.subject or ""), item.case_key, str(item.event.facts["stage"])
            )
            for item in items
        ]
        for item, role in zip(items, roles(self.cur, reports) if reports else (), strict=True):
            item.event = replace(item.event, facts={**item.event.facts, "report": role})

    def _worth(self, event: EventIn) -> list[AwardWorth]:
        return self.rules.worth(Facts(event.type, event.occurred_at, event.facts), self.zone)

    def _counter_keys(
        self, items: list[tuple[int, Item]], worths: list[list[AwardWorth]], cases: dict[bytes, CaseState]
    ) -> set[CounterKey]:
        keys: set[CounterKey] = set()
        anchors = {key: case.anchor_at for key, case in cases.items()}
        for (_place, item), worth in zip(items, worths, strict=True):
            anchor = anchors.setdefault(item.case_key, item.event.occurred_at)
            for award in worth:
                if award.rule.document.counted:
                    keys |= counter_keys(award.rule, item.member_id, anchor, self.zone)
            if item.event.type == EXPLICIT and self.source.daily_cap_points is not None:
                keys.add(daily_key(self.source.source_id, self.now, self.zone))
        for case in cases.values():
            for granted in case.awards.values():
                rule = self.rules.version(granted.rule_key, granted.rule_version)
                if rule is not None and rule.document.counted:
                    keys |= counter_keys(rule, case.member_id, case.anchor_at, self.zone)
        if self.rules.budgets:
            paying = {award.rule.key for worth in worths for award in worth}
            paying.update(key for case in cases.values() for key in case.awards)
            keys |= budget_keys(self.rules.budgets, paying, self.now, self.zone)
        return keys

    def _within_daily_cap(self, event: EventIn, counters: Counters) -> bool:
        cap = self.source.daily_cap_points
        if event.type != EXPLICIT or cap is None:
            return True
        key = daily_key(self.source.source_id, self.now, self.zone)
        points = int(event.facts["points"])
        if counters[key].points + points > cap:
            return False
        counters.count([key], points, 1)
        return True


def daily_key(source_id: str, now: datetime, zone: ZoneInfo) -> CounterKey:
    """Where a source's own daily cap is counted: by the day of the booking, so that no date evades it."""
    return CounterKey(source_id, DAILY, "day", period_start("day", now, zone))


def _repeat(item: Item, before: KnownEvent) -> Outcome:
    if before.fingerprint != item.fingerprint:
        return Outcome(error=Conflict("event_mismatch"))
    return Outcome(before.body(item.event.event_id), replayed=True)
