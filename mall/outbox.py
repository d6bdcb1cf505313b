"""The outbox: messages written in the transaction of what they tell, handled afterwards by the worker.

Messages are handled in a transaction that also marks them done, so their effect in the database happens exactly
once. Those that are due together share a transaction; when one of them fails, each is handled by itself. A handler
that calls the outside world must itself bear being called again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from sqlalchemy import BigInteger, Identity, Index, Integer, Text, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, Session, mapped_column

from mall.arrays import array
from mall.db import RETRYABLE, Base, Login, cursor, run_tx
from mall.errors import Unavailable
from mall.logs import in_short


@dataclass(frozen=True, slots=True)
class Message:
    """A message as its handlers see it."""

    id: int
    topic: str
    payload: dict[str, Any]


Handler = Callable[[Session, dict[str, Any], datetime], None]
"""Handles one message: ``(tx, payload, now)``."""
GroupHandler = Callable[[Session, Sequence[Message], datetime], None]
"""Handles several messages, in their order: ``(tx, messages, now)``."""

BATCH = 100
MAX_ATTEMPTS = 12
FIRST_RETRY = timedelta(seconds=5)
LONGEST_RETRY = timedelta(hours=6)
GOING_DOWN = frozenset({"57P01", "57P02", "57P03", "53300"})
"""SQLSTATEs of a server that stops, starts or has no connection left."""

_LOCK_DUE = """SELECT id, topic, payload::text FROM outbox_messages
 WHERE done_at IS NULL AND failed_at IS NULL AND available_at <= %s ORDER BY available_at, id LIMIT %s
 FOR UPDATE SKIP LOCKED"""
_DONE = "UPDATE outbox_messages SET attempts = attempts + 1, done_at = %s WHERE id = ANY(%s::int8[])"

_handlers: dict[str, list[Handler]] = {}
_group_handlers: dict[str, list[GroupHandler]] = {}


class _OneFails(Exception):
    """A message of several could not be handled."""


class OutboxMessage(Base):
    """A message. ``done_at`` is set once handled; ``failed_at`` when it was given up after 12 attempts."""

    __tablename__ = "outbox_messages"
    __table_args__ = (
        Index(
            "ix_outbox_messages_due",
            "available_at",
            "id",
            postgresql_where=text("done_at IS NULL AND failed_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    topic: Mapped[str] = mapped_column(Text)
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime]
    available_at: Mapped[datetime]
    # Set by us too: the logins that publish may read nothing back but the id.
    attempts: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    last_error: Mapped[str | None] = mapped_column(Text)
    done_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]


def handler(topic: str) -> Callable[[Handler], Handler]:
    """Register a handler of ``topic``: ``(tx, payload, now)``. Several may share a topic."""

    def register(function: Handler) -> Handler:
        _handlers.setdefault(topic, []).append(function)
        return function

    return register


def group_handler(*topics: str) -> Callable[[GroupHandler], GroupHandler]:
    """Register a handler that is given the messages of several topics together: ``(tx, messages, now)``.

    For topics of which there are many; with few statements for all of them.
    """

    def register(function: GroupHandler) -> GroupHandler:
        for topic in topics:
            _group_handlers.setdefault(topic, []).append(function)
        return function

    return register


def publish(tx: Session, topic: str, payload: dict[str, Any], now: datetime) -> None:
    """Write a message in the caller's transaction. ``payload`` holds ids and codes, never personal data."""
    tx.add(OutboxMessage(topic=topic, payload=payload, created_at=now, available_at=now))


def deliver_due(now: datetime) -> int:
    """Handle up to 100 messages that are due; returns how many were tried."""
    try:
        return run_tx(Login.BACKOFFICE, lambda tx: _deliver_together(tx, now))
    except _OneFails:
        pass
    tried = 0
    while tried < BATCH and run_tx(Login.BACKOFFICE, lambda tx: _deliver_one(tx, now)):
        tried += 1
    return tried


def _deliver_together(tx: Session, now: datetime) -> int:
    messages = _lock_due(tx, now, BATCH)
    if not messages:
        return 0
    try:
        _handle(tx, messages, now)
        tx.flush()
    except Exception as error:
        if _is_the_databases(error):  # says nothing of the messages: run_tx tries again, or the worker waits
            raise
        raise _OneFails from error
    cursor(tx).execute(_DONE, (now, array([message.id for message in messages])))
    return len(messages)


def _deliver_one(tx: Session, now: datetime) -> bool:
    found = _lock_due(tx, now, 1)
    if not found:
        return False
    message = tx.get_one(OutboxMessage, found[0].id)
    message.attempts += 1
    tx.flush()
    try:
        with tx.begin_nested():
            _handle(tx, found, now)
    except Exception as error:
        if _is_the_databases(error):
            raise
        message.last_error = in_short(error)
        message.available_at = now + min(FIRST_RETRY * 2 ** (message.attempts - 1), LONGEST_RETRY)
        if message.attempts >= MAX_ATTEMPTS:
            message.failed_at = now
    else:
        message.done_at = now
    tx.flush()
    return True


def _lock_due(tx: Session, now: datetime, most: int) -> list[Message]:
    due = cursor(tx).execute(_LOCK_DUE, (now, most))
    return [Message(id_, topic, json.loads(payload)) for id_, topic, payload in due]


def _handle(tx: Session, messages: Sequence[Message], now: datetime) -> None:
    together: dict[GroupHandler, list[Message]] = {}
    for message in messages:
        for function in _handlers.get(message.topic, ()):
            function(tx, message.payload, now)
        for group_function in _group_handlers.get(message.topic, ()):
            together.setdefault(group_function, []).append(message)
    for group_function, its_own in together.items():
        group_function(tx, its_own, now)


def _is_the_databases(error: Exception) -> bool:
    """Whether a lost connection, a server going down or a lost race is behind ``error``.

    Not a timeout: a message that always takes too long would hold up all behind it.
    """
    if isinstance(error, Unavailable) or (isinstance(error, DBAPIError) and error.connection_invalidated):
        return True
    cause = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(cause, psycopg.Error):
        return False
    lost = cause.sqlstate is None and isinstance(cause, psycopg.OperationalError)
    return lost or cause.sqlstate in RETRYABLE | GOING_DOWN


def backlog(tx: Session) -> int:
    """Messages waiting to be handled."""
    waiting = (
        select(text("count(*)"))
        .select_from(OutboxMessage)
        .where(OutboxMessage.done_at.is_(None), OutboxMessage.failed_at.is_(None))
    )
    return int(tx.execute(waiting).scalar_one())


def forget_done(tx: Session, before: datetime) -> int:
    """Delete messages handled before ``before``; returns how many."""
    gone = tx.execute(text("DELETE FROM outbox_messages WHERE done_at < :before"), {"before": before})
    return int(gone.rowcount)  # type: ignore[attr-defined]
