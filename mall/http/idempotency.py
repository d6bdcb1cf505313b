"""Idempotency keys: the first answer is committed with its effect and given again for the same key.

The key row is written in the transaction of the effect itself, so there is no moment at which one exists
without the other. An advisory lock held by that transaction tells a second caller that the first is still
running. Stored bodies are encrypted; fields that show a secret once are left out.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Response
from sqlalchemy import Index, LargeBinary, SmallInteger, delete, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from mall.arrays import array, arrays
from mall.crypto import keyring
from mall.db import Base, IdText, cursor
from mall.errors import Conflict, Invalid, Malformed
from mall.http.json_answer import JsonAnswer
from mall.json_text import canonical, compact

KEPT = timedelta(days=30)
"""How long a key is remembered (docs/api.md, conventions)."""
_FIND = "SELECT fingerprint, status, body_box, created_at FROM idempotency_keys WHERE key_hash = %s"
_REMEMBER = """INSERT INTO idempotency_keys (key_hash, owner, fingerprint, status, body_box, created_at)
 VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (key_hash) DO UPDATE SET fingerprint = excluded.fingerprint,
 status = excluded.status, body_box = excluded.body_box, created_at = excluded.created_at"""
# The locks are tried in one statement, the rows are read in the next: its snapshot is taken after them.
_CLAIM_ALL = """SELECT pg_try_advisory_xact_lock(n.lock) FROM unnest(%s::int8[]) WITH ORDINALITY AS n(lock, place)
 ORDER BY n.place"""
_FIND_ALL = "SELECT key_hash FROM idempotency_keys WHERE key_hash = ANY(%s::bytea[]) AND created_at > %s"
_REMEMBER_ALL = """INSERT INTO idempotency_keys (key_hash, owner, fingerprint, status, body_box, created_at)
 SELECT n.key_hash, n.owner, n.fingerprint, n.status, n.body_box, %s
 FROM unnest(%s::bytea[], %s::text[], %s::bytea[], %s::int2[], %s::bytea[])
 AS n(key_hash, owner, fingerprint, status, body_box) ON CONFLICT (key_hash) DO UPDATE SET
 fingerprint = excluded.fingerprint, status = excluded.status, body_box = excluded.body_box,
 created_at = excluded.created_at"""
_FORM = re.compile(r"[\x21-\x7e]{1,255}")


class IdempotencyKey(Base):
    """One remembered call. ``owner`` is who called; ``key_hash`` 16 bytes of HMAC over owner and key."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index("ix_idempotency_keys_person", "owner", postgresql_where=text("owner NOT LIKE 'client:%'")),)

    key_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    owner: Mapped[str] = mapped_column(IdText)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int] = mapped_column(SmallInteger)
    body_box: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(index=True)


@dataclass(frozen=True, slots=True)
class Keyed:
    """A call under a key: whose, which, and ``fingerprint`` of what was asked."""

    owner: str
    key: str
    asked: bytes
    key_hash: bytes


def keyed(owner: str, key: str, method: str, path: str, body: Any) -> Keyed:
    """The call of ``owner`` under ``key``."""
    return Keyed(owner, key, fingerprint(method, path, body), key_hash(owner, key))


def fingerprint(method: str, path: str, body: Any) -> bytes:
    """16 bytes that stand for what was asked; the order of a JSON object's members does not matter."""
    return hashlib.sha256(canonical([method, path, body]).encode()).digest()[:16]


def check_form(key: str | None, *, required: bool) -> str | None:
    """The key, or None when absent and not required. Raises Malformed (400)."""
    if key is None or key == "":
        if required:
            raise Malformed("idempotency_key_missing")
        return None
    if not _FORM.fullmatch(key):
        raise Malformed("idempotency_key_invalid")
    return key


def key_hash(owner: str, key: str) -> bytes:
    """16 bytes that name a caller's key."""
    return keyring().hmac16("idempotency", owner, key)


def once(
    tx: Session,
    owner: str,
    key: str,
    asked: bytes,
    now: datetime,
    effect: Callable[[], Response],
    secret_fields: tuple[str, ...] = (),
) -> Response:
    """Run ``effect`` and remember its answer, or give the remembered one.

    Raises Conflict ``request_in_progress`` (409) while the first call runs, Invalid
    ``idempotency_key_reused`` (422) for another request under the same key. An effect that raises leaves the
    key free: the transaction takes the row back with everything else.
    """
    ring = keyring()
    name = key_hash(owner, key)
    cur = cursor(tx)
    held = cur.execute("SELECT pg_try_advisory_xact_lock(%s)", (_lock(name),)).fetchone()
    # A statement of its own: its snapshot is taken after the lock, so it sees what the first call committed.
    row = cur.execute(_FIND, (name,)).fetchone()
    if row is not None and row[3] > now - KEPT:
        if row[0] != asked:
            raise Invalid(code="idempotency_key_reused")
        body = ring.decrypt("idempotency", row[2])
        response: Response = JsonAnswer(body, status=row[1], content_type="application/json")
        response.headers["Idempotency-Replayed"] = "true"
        return response
    if held is None or not held[0]:  # by the first call: another repeat at this moment would not matter
        raise Conflict("request_in_progress", retry_after=1)
    response = effect()
    stored = _without(response.get_data(), secret_fields) if secret_fields else response.get_data()
    box = ring.encrypt("idempotency", stored)
    cur.execute(_REMEMBER, (name, owner, asked, response.status_code, box, now))
    return response


def claim(tx: Session, calls: Sequence[Keyed], now: datetime) -> list[bool]:
    """Which of several calls are new and nobody else's: this transaction may make their effects.

    The others are to be asked for alone (``once``), which says why. A key that comes twice is claimed once.
    """
    cur, names = cursor(tx), [call.key_hash for call in calls]
    held = cur.execute(_CLAIM_ALL, (array([_lock(name) for name in names]),)).fetchall()
    known = {row[0] for row in cur.execute(_FIND_ALL, (array(names), now - KEPT))}
    may = []
    for name, (free,) in zip(names, held, strict=True):
        may.append(free and name not in known)
        known.add(name)
    return may


def remember(tx: Session, answers: Sequence[tuple[Keyed, Response]], now: datetime) -> None:
    """Keep the answers of calls that were claimed, in the transaction that makes their effects."""
    if not answers:
        return
    ring = keyring()
    rows = [
        (call.key_hash, call.owner, call.asked, answer.status_code,
         ring.encrypt("idempotency", answer.get_data()))
        for call, answer in answers
    ]  # fmt: skip
    cursor(tx).execute(_REMEMBER_ALL, (now, *arrays(rows)))


def _lock(name: bytes) -> int:
    return int.from_bytes(name[:8], "big", signed=True)


def _without(body: bytes, names: tuple[str, ...]) -> bytes:
    value = json.loads(body)
    for name in names:
        value[name] = None
    value["secret_shown_once"] = True
    return compact(value).encode()


def forget_old_keys(tx: Session, now: datetime) -> int:
    """Delete keys older than 30 days; returns how many."""
    gone = tx.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at <= now - KEPT))
    return int(gone.rowcount)  # type: ignore[attr-defined]


def forget_owner(tx: Session, owner: str) -> None:
    """Delete the keys of somebody who is no reporting system, and the answers kept under them."""
    mine = (IdempotencyKey.owner == owner) & IdempotencyKey.owner.not_like("client:%")
    tx.execute(delete(IdempotencyKey).where(mine).execution_options(synchronize_session=False))
