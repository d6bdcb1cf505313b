"""The audit trail: who did what to what, and when. Rows are never changed (a trigger refuses it)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Index, Select, Text, and_, bindparam, or_, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column

from mall.db import Base, IdText
from mall.http.pagination import decode_cursor, page_of
from mall.ids import new_id

LOOKED_AT = 10_000
"""Entries, the newest, that are looked through for words before the index is asked."""
LAST_CHARACTER = "\U0010ffff"
SEARCHED = "audit_text(action, subject, detail)"
"""Where words are looked for, in lower case. The index holds its letters and pairs of neighbours, as for gifts."""


class AuditEntry(Base):
    """One deed. ``actor`` and ``subject`` are names such as ``staff:stf_…`` and ``client:cli_…``."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_actor_id", "actor", "id"),
        Index("ix_audit_entries_subject_id", "subject", "id"),
        Index("ix_audit_entries_action_id", "action", "id"),
        Index("ix_audit_entries_at", "at"),
        Index("ix_audit_entries_searched", text(f"search_pairs({SEARCHED})"), postgresql_using="gin"),
    )

    id: Mapped[str] = mapped_column(IdText, primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(IdText)
    action: Mapped[str] = mapped_column(IdText)
    subject: Mapped[str] = mapped_column(IdText)
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB)
    request_id: Mapped[str | None] = mapped_column(Text)
    origin: Mapped[str | None] = mapped_column(Text)
    """From where staff or a program did it: ``cookie 192.0.2.7``. None for members and for the mall's own jobs."""


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries are wanted; None asks for all. ``since`` is included, ``until`` is not.

    A name that ends in ``*`` asks for all that begin so: ``earning_rule.*``. ``kind`` is what a subject begins
    with: ``gift`` of ``gift:gft_…``. ``words`` are looked for in the action, the subject and the details.
    """

    actor: str | None = None
    action: str | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    kind: str | None = None
    words: str | None = None


_origin: ContextVar[str | None] = ContextVar("audit_origin", default=None)


def came_from(origin: str | None) -> None:
    """From where the call comes that is being served: what is recorded in it carries that. The edge says so."""
    _origin.set(origin)


def origin() -> str | None:
    """From where the call comes that is being served, for work that is left to the worker."""
    return _origin.get()


def detail_text(detail: Mapping[str, Any]) -> str:
    """An entry's details as one line of JSON; nothing for none."""
    return json.dumps(detail, ensure_ascii=False) if detail else ""


def record(
    tx: Session,
    actor: str,
    action: str,
    subject: str,
    detail: Mapping[str, Any],
    now: datetime,
    request_id: str | None = None,
) -> None:
    """Write an entry in the transaction of the deed itself. ``detail``: JSON, no secret, no personal data."""
    entry = AuditEntry(
        id=new_id("aud"),
        at=now,
        actor=actor,
        action=action,
        subject=subject,
        detail=dict(detail),
        request_id=request_id,
        origin=_origin.get(),
    )
    tx.add(entry)
    tx.flush()


def audit_page(tx: Session, wanted: AuditFilter, limit: int, cursor: str | None) -> dict[str, Any]:
    """Entries, newest first. Raises Invalid for a cursor that is not ours."""
    query = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit + 1)
    for column, value in (
        (AuditEntry.actor, wanted.actor),
        (AuditEntry.action, wanted.action),
        (AuditEntry.subject, wanted.subject),
    ):
        if value is not None:
            query = query.where(_matches(column, value))
    if wanted.since is not None:
        query = query.where(AuditEntry.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(AuditEntry.at < wanted.until)
    if wanted.kind is not None:
        query = query.where(or_(AuditEntry.subject == wanted.kind, _matches(AuditEntry.subject, f"{wanted.kind}:*")))
    last = decode_cursor(cursor, str)
    if last is not None:
        query = query.where(AuditEntry.id < last[0])
    words = (wanted.words or "").split()
    found = _among_the_newest(tx, query, words, last[0] if last else None) if words else []
    if len(found) <= limit:
        found = tx.scalars(query.where(*(part for word in words for part in (_pairs(word), _whole(word))))).all()
    return page_of(found, limit, lambda entry: (entry.id,))


def _among_the_newest(
    tx: Session, query: Select[AuditEntry], words: Sequence[str], before: str | None
) -> Sequence[AuditEntry]:
    """Entries with all words among the newest: what is said often is found there at once, while the index would first
    gather all there ever was of it."""
    newest = select(AuditEntry.id).order_by(AuditEntry.id.desc()).offset(LOOKED_AT - 1).limit(1)
    floor = tx.scalar(newest if before is None else newest.where(AuditEntry.id < before))
    if floor is None:
        return []
    return tx.scalars(query.where(AuditEntry.id >= floor, *(_whole(word) for word in words))).all()


def _matches(column: InstrumentedAttribute[str], wanted: str) -> ColumnElement[bool]:
    if not wanted.endswith("*"):
        return column == wanted
    beginning = wanted.removesuffix("*")  # a range, so that the index of names in byte order finds it
    return and_(column >= beginning, column < beginning + LAST_CHARACTER)


_SOUGHT = 'lower(CAST(:word AS text) COLLATE "C")'
"""``C``: columns of names are in byte order, so lower case is that of ASCII on both sides."""


def _whole(word: str) -> ColumnElement[bool]:
    return text(f"strpos({SEARCHED}, {_SOUGHT}) > 0").bindparams(bindparam("word", word, unique=True))  # type: ignore[return-value]


def _pairs(word: str) -> ColumnElement[bool]:
    """What the index knows of ``_whole``: pairs, single letters only where there is no pair.

    Of a million entries it has to go through every one that holds them, and the pairs hold the letters.
    """
    asked = f"SELECT pair FROM unnest(search_pairs({_SOUGHT})) AS pair WHERE length(pair) = least(2, length({_SOUGHT}))"
    return text(f"search_pairs({SEARCHED}) @> ARRAY({asked})").bindparams(bindparam("word", word, unique=True))  # type: ignore[return-value]
