"""The people that sources speak of: each name of each source stands for one member here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import psycopg
from sqlalchemy.orm import Session

from mall.crypto import Keyring, keyring
from mall.db import cursor
from mall.identity.members import open_unclaimed
from points.earning.event_rows import Item
from points.earning.event_types import EventIn, EventSource
from points.earning.keys import member_hash, seal_member

_LOCK = "SELECT pg_advisory_xact_lock(name) FROM unnest(%s::int8[]) AS n(name)"
_FIND = """SELECT s.member_hash, coalesce(m.alias_of, s.member_id) FROM sources.source_members s
 LEFT JOIN members m ON m.id = s.member_id WHERE s.member_hash = ANY(%s::bytea[])"""
_ADD = """INSERT INTO sources.source_members (member_hash, source_id, member_id, box, created_at)
 SELECT n.member_hash, n.source_id, n.member_id, n.box, n.created_at
 FROM unnest(%s::bytea[], %s::text[], %s::text[], %s::bytea[], %s::timestamptz[])
 AS n(member_hash, source_id, member_id, box, created_at)"""


def open_missing(
    cur: psycopg.Cursor[tuple], ring: Keyring, source: EventSource, items: Sequence[Item], now: datetime
) -> None:
    """Open an unclaimed member for every item whose person is new here; sets ``member_id``.

    Two transactions that meet the same new person wait for each other here, in one order for everybody,
    before any wallet is locked.
    """
    missing = {item.member_hash: item.event.member for item in items if not item.member_id}
    if not missing:
        return
    hashes = sorted(missing)
    names = sorted(int.from_bytes(name[:8], "big", signed=True) for name in hashes)
    cur.execute(_LOCK, (names,))
    found = dict(cur.execute(_FIND, (hashes,)).fetchall())
    new = [name for name in hashes if name not in found]
    if new:
        opened = open_unclaimed(cur, len(new), now)
        boxes = [seal_member(ring, missing[name]) for name in new]
        cur.execute(_ADD, (new, [source.source_id] * len(new), opened, boxes, [now] * len(new)))
        found.update(zip(new, opened, strict=True))
    for item in items:
        item.member_id = item.member_id or found[item.member_hash]


def find_member(cur: psycopg.Cursor[tuple], ring: Keyring, source_id: str, member: str) -> str | None:
    """The member a source's name stands for, None for one it has never used."""
    rows = cur.execute(_FIND, ([member_hash(ring, source_id, member)],)).fetchall()
    return rows[0][1] if rows else None


def member_for(tx: Session, source: EventSource, member: str, now: datetime) -> str:
    """The member a source's name stands for; a new name opens an unclaimed account."""
    cur, ring = cursor(tx), keyring()
    found = find_member(cur, ring, source.source_id, member)
    if found is not None:
        return found
    event = EventIn("", "", member, now)
    item = Item(event, b"", b"", member_hash(ring, source.source_id, member))
    open_missing(cur, ring, source, [item], now)
    return item.member_id
