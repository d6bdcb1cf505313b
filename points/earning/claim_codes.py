"""Claim codes: points for whoever holds the code, so that neither side learns of the other.

A code is 130 random bits, stored as an HMAC. Using it deletes it and books a credit of the mall's own: there
is no row, before or after, that has both a batch and a member.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from mall.crypto import keyring
from mall.db import cursor
from mall.errors import Conflict, NotFound, TooMany
from mall.ids import new_id
from points.earning.book_events import book_events, daily_key, mall_zone
from points.earning.caps import Counters
from points.earning.event_types import EventIn, EventSource
from points.earning.store import Writes, load_counters

LASTS = timedelta(days=90)
"""How long codes are good when the source does not say (docs/api.md)."""
LONGEST = timedelta(days=3650)
MISSES = 5
MISS_WINDOW = timedelta(minutes=15)
CLAIMS = EventSource("mall:claims", internal=True, label="claim_code", may_credit=True, promised=True)
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH = 26
_GROUP = 5
_READ = str.maketrans({"o": "0", "i": "1", "l": "1", "u": "v"})

_ADD_BATCH = """INSERT INTO sources.claim_batches (batch_id, source_id, points, count, expires_at, created_at)
 VALUES (%s, %s, %s, %s, %s, %s)"""
_ADD_CODES = """INSERT INTO sources.claim_codes (code_hash, batch_id, points, expires_at)
 SELECT unnest(%s::bytea[]), %s, %s, %s"""
_USE = "DELETE FROM sources.claim_codes WHERE code_hash = %s AND expires_at > %s RETURNING points"
_REVOKE_BATCH = """UPDATE sources.claim_batches SET revoked_at = coalesce(revoked_at, %s)
 WHERE batch_id = %s AND source_id = %s RETURNING 1"""
_REVOKE_CODES = "DELETE FROM sources.claim_codes WHERE batch_id = %s"
_LOCK_MISSES = """INSERT INTO sources.claim_misses (member_id, missed_at) VALUES (%s, '{}')
 ON CONFLICT (member_id) DO UPDATE SET member_id = excluded.member_id RETURNING missed_at"""
_NOTE_MISSES = "UPDATE sources.claim_misses SET missed_at = %s WHERE member_id = %s"


@dataclass(frozen=True, slots=True)
class Batch:
    """New codes, to be shown once."""

    batch_id: str
    codes: list[str]


def create_codes(
    tx: Session, source: EventSource, points: int, count: int, expires_at: datetime | None, now: datetime
) -> Batch:
    """Make ``count`` codes of ``points`` each. Raises Conflict ``daily_cap_reached``.

    They count into the source's daily cap when they are made, not when they are used.
    """
    cur, zone = cursor(tx), mall_zone()
    if source.daily_cap_points is not None:
        counters, key = Counters(), daily_key(source.source_id, now, zone)
        load_counters(cur, [key], counters)
        if counters[key].points + points * count > source.daily_cap_points:
            raise Conflict("daily_cap_reached")
        counters.count([key], points * count, count)
        writes = Writes(keyring(), now)
        writes.counters(counters)
        writes.write(cur)
    batch_id, until = new_id("clb"), expires_at or now + LASTS
    codes = ["".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH)) for _ in range(count)]
    cur.execute(_ADD_BATCH, (batch_id, source.source_id, points, count, until, now))
    # Sorted, so that the order of the rows does not tell the order of the codes.
    cur.execute(_ADD_CODES, (sorted(_hash(code) for code in codes), batch_id, points, until))
    return Batch(batch_id, [_shown(code) for code in codes])


def revoke_batch(tx: Session, source: EventSource, batch_id: str, now: datetime) -> int:
    """Make the unused codes of a batch worthless; returns how many there were. Raises NotFound."""
    cur = cursor(tx)
    if cur.execute(_REVOKE_BATCH, (now, batch_id, source.source_id)).fetchone() is None:
        raise NotFound()
    return cur.execute(_REVOKE_CODES, (batch_id,)).rowcount


def refuse_after_misses(tx: Session, member_id: str, now: datetime) -> None:
    """Raise TooMany after 5 misses in 15 minutes. Holds the member's row, so attempts come one by one."""
    recent = _recent_misses(tx, member_id, now)
    if len(recent) >= MISSES:
        wait = recent[-MISSES] + MISS_WINDOW - now
        raise TooMany("too_many_misses", retry_after=max(1, int(wait.total_seconds()) + 1))


def note_miss(tx: Session, member_id: str, now: datetime) -> None:
    """Remember that a member gave a code that is not good."""
    recent = [*_recent_misses(tx, member_id, now), now]
    cursor(tx).execute(_NOTE_MISSES, (recent[-MISSES:], member_id))


def claim(tx: Session, member_id: str, code: str, now: datetime) -> int:
    """Book the points of a code to a member; returns how many.

    Raises NotFound ``claim_code_not_found``, the same for a code that is wrong, used, revoked or expired.
    """
    plain = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", code).lower()).translate(_READ)
    row = cursor(tx).execute(_USE, (_hash(plain), now)).fetchone()
    if row is None:
        raise NotFound("claim_code_not_found")
    event = EventIn(new_id("clm"), "points.credit", member_id, now, None, {"points": row[0], "label": "claim"})
    outcome = book_events(tx, CLAIMS, [event], now)[0]
    if outcome.body is None or outcome.body["points"] <= 0:
        raise NotFound("claim_code_not_found")
    return int(outcome.body["points"])


def _recent_misses(tx: Session, member_id: str, now: datetime) -> list[datetime]:
    row = cursor(tx).execute(_LOCK_MISSES, (member_id,)).fetchone()
    return sorted(moment for moment in (row[0] if row else []) if moment > now - MISS_WINDOW)


def _hash(code: str) -> bytes:
    return keyring().hmac16("claim-code", code)


def _shown(code: str) -> str:
    return "-".join(code[start : start + _GROUP] for start in range(0, _LENGTH, _GROUP)).upper()
