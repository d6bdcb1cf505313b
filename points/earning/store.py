"""Hand-written SQL of booking: every read and write of a batch is one statement of one shape."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import psycopg
from psycopg.errors import SerializationFailure

from mall.arrays import arrays
from mall.crypto import Keyring
from mall.long_statements import execute_long
from mall.webhooks.fan_out import IS_HEARD
from points.earning.caps import Counter, CounterKey, Counters
from points.earning.case_states import AwardState, CaseState
from points.earning.event_rows import CaseEvent, Item, KnownEvent, NewEvent
from points.earning.keys import seal_event

Cursor = psycopg.Cursor[tuple]

# Whoever asks for an event by its key gets it with the revision of the rules and the member, in one look; and whether
# any webhook wants to hear of this source.
LOOK_UP = f"""SELECT (SELECT token FROM rule_revision), {IS_HEARD},
 coalesce(m.alias_of, s.member_id), e.fingerprint, e.status, e.points, e.reason, e.awards
 FROM unnest(%s::bytea[], %s::bytea[]) WITH ORDINALITY AS n(event_key, member_hash, place)
 LEFT JOIN sources.credit_events e ON e.event_key = n.event_key
 LEFT JOIN sources.source_members s ON s.member_hash = n.member_hash
 LEFT JOIN members m ON m.id = s.member_id
 ORDER BY n.place"""
_CASE = (
    "c.case_key, c.source_id, c.member_id, c.type, c.anchor_at, c.arrivals, c.deciding_event, c.deciding_at, c.worth"
)
_AWARD = (
    "a.award_id, a.rule_key, a.rule_version, a.points, a.explanation, a.available_at, a.expires_at, "
    "a.visibility = 'confidential', a.label, a.number"
)
READ_STATE = f"""SELECT n.event_key, e.fingerprint, e.status, e.points, e.reason, e.awards, {_CASE}, {_AWARD}
 FROM unnest(%s::bytea[], %s::bytea[]) AS n(event_key, case_key)
 LEFT JOIN sources.credit_events e ON e.event_key = n.event_key
 LEFT JOIN sources.cases c ON c.case_key = n.case_key
 LEFT JOIN sources.awards a ON a.award_id = ANY(c.award_ids)
 WHERE e.event_key IS NOT NULL OR c.case_key IS NOT NULL"""
CASE_EVENTS = """SELECT event_key, occurred_at, arrival, facts FROM sources.credit_events
 WHERE case_key = %s AND reversed_at IS NULL"""
READ_CASE = f"""SELECT {_CASE}, {_AWARD} FROM sources.cases c
 LEFT JOIN sources.awards a ON a.award_id = ANY(c.award_ids) WHERE c.case_key = %s"""
AWARDS = f"""SELECT {_CASE}, {_AWARD}, coalesce(m.alias_of, m.id) FROM sources.awards a
 JOIN sources.cases c ON c.case_key = a.case_key JOIN members m ON m.id = a.member_id
 WHERE a.award_id = ANY(%s)"""
# Locks what is there and opens what is missing, row by row in the order given. Locking first and opening
# afterwards takes locks out of order, and then two batches that share caps can wait for each other.
LOCK_COUNTERS = """INSERT INTO sources.cap_usage AS u (holder, rule_key, period, starts_at, points, times)
 SELECT n.*, 0, 0 FROM unnest(%s::text[], %s::text[], %s::text[], %s::timestamptz[]) AS n
 ON CONFLICT (holder, rule_key, period, starts_at) DO UPDATE SET times = u.times
 RETURNING u.holder, u.rule_key, u.period, u.starts_at, u.points, u.times"""

_WRITE_EVENTS = """INSERT INTO sources.credit_events (event_key, source_id, fingerprint, box, member_id, case_key,
 type, facts, occurred_at, arrival, posted_at, status, points, reason, awards)
 SELECT n.event_key, n.source_id, n.fingerprint, n.box, n.member_id, n.case_key, n.type, n.facts::jsonb,
 n.occurred_at, n.arrival, n.posted_at, n.status, n.points, n.reason, n.awards::json
 FROM unnest(%s::bytea[], %s::text[], %s::bytea[], %s::bytea[], %s::text[], %s::bytea[], %s::text[], %s::text[],
 %s::timestamptz[], %s::int4[], %s::timestamptz[], %s::text[], %s::int8[], %s::text[], %s::text[])
 AS n(event_key, source_id, fingerprint, box, member_id, case_key, type, facts, occurred_at, arrival, posted_at,
 status, points, reason, awards) ON CONFLICT DO NOTHING RETURNING 1"""
_WRITE_CASES = """INSERT INTO sources.cases (case_key, source_id, member_id, type, arrivals, anchor_at,
 deciding_event, deciding_at, worth, award_ids)
 SELECT n.case_key, n.source_id, n.member_id, n.type, n.arrivals, n.anchor_at, n.deciding_event, n.deciding_at,
 n.worth, string_to_array(n.award_ids, ' ')
 FROM unnest(%s::bytea[], %s::text[], %s::text[], %s::text[], %s::int4[], %s::timestamptz[], %s::bytea[],
 %s::timestamptz[], %s::int8[], %s::text[])
 AS n(case_key, source_id, member_id, type, arrivals, anchor_at, deciding_event, deciding_at, worth, award_ids)
 ON CONFLICT (case_key) DO UPDATE SET arrivals = excluded.arrivals, deciding_event = excluded.deciding_event,
 deciding_at = excluded.deciding_at, worth = excluded.worth, award_ids = excluded.award_ids"""
_WRITE_AWARDS = """INSERT INTO sources.awards (award_id, case_key, member_id, rule_key, rule_version, points,
 explanation, available_at, expires_at, visibility, label, booked_at, number)
 SELECT n.award_id, n.case_key, n.member_id, n.rule_key, n.rule_version, n.points, n.explanation::jsonb,
 n.available_at, n.expires_at, n.visibility, n.label, n.booked_at,
 n.number FROM unnest(%s::text[], %s::bytea[], %s::text[], %s::text[], %s::int4[], %s::int8[], %s::text[],
 %s::timestamptz[], %s::timestamptz[], %s::text[], %s::text[], %s::timestamptz[], %s::int4[])
 AS n(award_id, case_key, member_id, rule_key, rule_version, points, explanation, available_at, expires_at,
 visibility, label, booked_at, number)
 ON CONFLICT (award_id) DO UPDATE SET rule_version = excluded.rule_version, points = excluded.points,
 explanation = excluded.explanation, available_at = excluded.available_at,
 expires_at = excluded.expires_at, visibility = excluded.visibility,
 number = excluded.number"""
_WRITE_COUNTERS = """INSERT INTO sources.cap_usage (holder, rule_key, period, starts_at, points, times)
 SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::int8[], %s::int8[])
 ON CONFLICT (holder, rule_key, period, starts_at) DO UPDATE SET points = excluded.points, times = excluded.times"""
_WRITE_STANDINGS = """INSERT INTO standings (member_id, public_points)
 SELECT * FROM unnest(%s::text[], %s::int8[])
 ON CONFLICT (member_id) DO UPDATE SET public_points = standings.public_points + excluded.public_points"""
_WRITE_FACTS = """INSERT INTO sources.facts_to_tell (type, event_key, source_id, at)
 SELECT n.* FROM unnest(%s::text[], %s::bytea[], %s::text[], %s::timestamptz[]) AS n"""
_MARK_REVERSED = """UPDATE sources.credit_events SET reversed_at = %s, reversal_points = %s, reversal_box = %s,
 reversal_seq = nextval('sources.credit_events_seq_seq') WHERE event_key = %s"""


def look_up(cur: Cursor, source_id: str, items: Sequence[Item]) -> tuple[str, bool, list[KnownEvent | None]]:
    """The revision of the rules, whether a webhook wants to hear of the source and, for each item, the event if it was
    booked before; sets ``member_id``.
    """
    values = [source_id, *arrays([(item.event_key, item.member_hash) for item in items])]
    rows = cur.execute(LOOK_UP, values, prepare=True).fetchall()
    known: list[KnownEvent | None] = []
    for item, row in zip(items, rows, strict=True):
        item.member_id = row[2] or item.member_id
        known.append(KnownEvent(item.event_key, *row[3:]) if row[3] is not None else None)
    return rows[0][0] or "", rows[0][1], known


def read_state(cur: Cursor, items: Sequence[Item]) -> tuple[dict[bytes, KnownEvent], dict[bytes, CaseState]]:
    """Under the members' locks: events booked meanwhile, and the cases of the items with their awards."""
    rows = cur.execute(READ_STATE, arrays([(item.event_key, item.case_key) for item in items]), prepare=True)
    known: dict[bytes, KnownEvent] = {}
    cases: dict[bytes, CaseState] = {}
    for row in rows:
        if row[1] is not None:
            known[row[0]] = KnownEvent(*row[:6])
        if row[6] is not None:
            case = cases.get(row[6])
            if case is None:
                case = cases[row[6]] = CaseState(*row[6:15])
            if row[15] is not None:
                case.awards[row[16]] = AwardState(*row[15:])
    return known, cases


def read_case(cur: Cursor, case_key: bytes) -> CaseState | None:
    """One case with its awards."""
    found: CaseState | None = None
    for row in cur.execute(READ_CASE, (case_key,)):
        found = found or CaseState(*row[:9])
        if row[9] is not None:
            found.awards[row[10]] = AwardState(*row[9:])
    return found


def read_awards(cur: Cursor, award_ids: Sequence[str]) -> dict[str, tuple[CaseState, AwardState]]:
    """Awards by id, each with its case, whose member is the one who holds the points now."""
    found: dict[str, tuple[CaseState, AwardState]] = {}
    for row in cur.execute(AWARDS, (list(award_ids),)):
        case, award = CaseState(*row[:9]), AwardState(*row[9:-1])
        case.member_id = row[-1]
        found[award.award_id] = (case, award)
    return found


def case_events(cur: Cursor, case_key: bytes) -> list[CaseEvent]:
    """The events of a case that have not been reversed."""
    return [CaseEvent(*row) for row in cur.execute(CASE_EVENTS, (case_key,))]


def load_counters(cur: Cursor, keys: Iterable[CounterKey], counters: Counters) -> None:
    """Lock and read counters, in one order for everybody; missing ones are opened."""
    wanted = sorted(set(keys))
    if not wanted:
        return
    columns = arrays([(key.holder, key.rule_key, key.period, key.starts_at) for key in wanted])
    rows = cur.execute(LOCK_COUNTERS, columns)
    for holder, rule_key, period, starts_at, points, times in rows:
        counters.load(CounterKey(holder, rule_key, period, starts_at), points, times)


class Writes:
    """What a batch writes outside the ledger, gathered and written in one statement."""

    def __init__(self, ring: Keyring, now: datetime) -> None:
        self._ring, self._now = ring, now
        self._clauses: list[str] = []
        self._values: list[Any] = []
        self._events = 0

    def _add(self, clause: str, rows: list[tuple[Any, ...]]) -> None:
        if rows:
            self._clauses.append(clause)
            self._values.extend(arrays(rows))

    def events(self, source_id: str, events: Sequence[NewEvent]) -> None:
        """New events."""
        self._events = len(events)
        dumps = json.dumps
        self._add(
            _WRITE_EVENTS,
            [
                (
                    new.item.event_key, source_id, new.item.fingerprint, seal_event(self._ring, new.item.event),
                    new.item.member_id, new.item.case_key, new.item.event.type, dumps(new.item.event.facts),
                    new.item.event.occurred_at, new.arrival, self._now, new.status, new.points, new.reason,
                    dumps(new.awards, ensure_ascii=False),
                )
                for new in events
            ],
        )  # fmt: skip

    def cases(self, cases: Iterable[CaseState]) -> None:
        """New and changed cases."""
        self._add(
            _WRITE_CASES,
            [
                (
                    case.case_key, case.source_id, case.member_id, case.type, case.arrivals, case.anchor_at,
                    case.deciding_event, case.deciding_at, case.worth,
                    " ".join([award.award_id for award in case.awards.values()]),
                )
                for case in cases
            ],
        )  # fmt: skip

    def awards(self, touched: Iterable[tuple[CaseState, AwardState]]) -> None:
        """New and changed awards."""
        self._add(
            _WRITE_AWARDS,
            [
                (
                    award.award_id, case.case_key, case.member_id, award.rule_key, award.rule_version,
                    award.points, json.dumps(award.explanation, ensure_ascii=False), award.available_at,
                    award.expires_at, "confidential" if award.confidential else "public", award.label, self._now,
                    award.number,
                )
                for case, award in touched
            ],
        )  # fmt: skip

    def counters(self, counters: Counters) -> None:
        """Changed counters of caps."""
        rows: list[tuple[Any, ...]] = []
        for key in sorted(counters.changed):
            counter: Counter = counters[key]
            rows.append((key.holder, key.rule_key, key.period, key.starts_at, counter.points, counter.times))
        self._add(_WRITE_COUNTERS, rows)

    def standings(self, changes: dict[str, int]) -> None:
        """Changes of public points, by member."""
        self._add(_WRITE_STANDINGS, [(member_id, points) for member_id, points in sorted(changes.items()) if points])

    def facts(self, source_id: str, events: Sequence[NewEvent]) -> None:
        """Those of the new events that webhooks are to tell."""
        paid = [new.item.event_key for new in events if new.status != "no_award"]
        self._add(_WRITE_FACTS, [("credit.booked", key, source_id, self._now) for key in paid])

    def write(self, cur: Cursor) -> None:
        """Write everything. Raises SerializationFailure when another transaction booked one of the events."""
        if not self._clauses:
            return
        ctes = ", ".join(f"w{index} AS ({clause})" for index, clause in enumerate(self._clauses))
        count = "(SELECT count(*) FROM w0)" if self._events else "0"
        row = execute_long(cur, f"WITH {ctes} SELECT {count}", self._values).fetchone()
        if row is not None and row[0] != self._events:
            raise SerializationFailure("an event of this batch was booked by somebody else meanwhile")


def mark_reversed(cur: Cursor, event_key: bytes, now: datetime, points: int, box: bytes) -> None:
    """Note that an event has left its case."""
    cur.execute(_MARK_REVERSED, (now, points, box, event_key))
