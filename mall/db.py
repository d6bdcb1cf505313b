"""The database: declarative base, one engine for each login, and the one way to open a transaction.

The app connects with three logins that own nothing (design: confidential by construction):

- ``EARNING`` reads and writes sources, rules and the ledger,
- ``REDEMPTION`` places orders and cannot read the schema ``sources``,
- ``BACKOFFICE`` serves staff and cannot read it either.

``OWNER`` owns the tables; migrations and ``flask ledger verify`` use it, requests never do.
"""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, TypeVar
from weakref import WeakKeyDictionary

import psycopg
from flask import current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, Engine, MetaData, Text, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column, registry
from sqlalchemy.pool import PoolProxiedConnection

from mall.crypto import Keyring
from mall.errors import NotFound, Unavailable
from mall.settings import Settings

T = TypeVar("T")

IdText = Text(collation="C")
"""Column type of opaque ids: compared byte by byte, which is quicker and the same on every machine."""
Id = Annotated[str, mapped_column(IdText)]
Moment = Annotated[datetime, mapped_column(DateTime(timezone=True))]


class Base(DeclarativeBase):
    """Base of every model. Constraint names follow one pattern, so migrations can name them."""

    # A registry rather than a type_annotation_map: Flask-SQLAlchemy subclasses this base once more.
    registry = registry(
        metadata=MetaData(
            naming_convention={
                "ix": "ix_%(table_name)s_%(column_0_N_name)s",
                "uq": "uq_%(table_name)s_%(column_0_N_name)s",
                "ck": "ck_%(table_name)s_%(constraint_name)s",
                "fk": "fk_%(table_name)s_%(column_0_name)s",
                "pk": "pk_%(table_name)s",
            }
        ),
        type_annotation_map={datetime: DateTime(timezone=True)},
    )


class Engines(SQLAlchemy):
    """Models and engines. Sessions are opened by ``run_tx`` alone: after a request there is none to put away."""

    def _teardown_session(self, exc: BaseException | None) -> None:
        return


db = Engines(model_class=Base)


class Login(StrEnum):
    """A database login. The value is the engine's name and the end of the role's name."""

    OWNER = "owner"
    EARNING = "earning"
    REDEMPTION = "redemption"
    BACKOFFICE = "backoffice"


_AUTOCOMMIT: WeakKeyDictionary[Engine, Engine] = WeakKeyDictionary()
_BARE: WeakKeyDictionary[Engine, deque[PoolProxiedConnection]] = WeakKeyDictionary()
BARE_KEPT = 2
"""Connections of a process that stay out of each login's pool for looks: to fetch and return one costs as much as its
statement (docs/adr/0012)."""
MOST_CONNECTIONS = 16
"""Of each login in a process, beside a few in reserve. An interpreter keeps no more of them busy (docs/adr/0013)."""
APP_LOGINS = (Login.EARNING, Login.REDEMPTION, Login.BACKOFFICE)
DEFAULT_ROLE_PREFIX = "mall"
MAX_ATTEMPTS = 6
RETRYABLE = frozenset({"40001", "40P01"})
"""SQLSTATEs of a serialization failure and a deadlock: nothing happened, the same work may run again."""
BUSY = frozenset({"55P03", "57014", "53300", "57P01", "57P02", "57P03"})
"""Lock or statement timeout, too many connections, the server going down or coming up: try later."""


def role_name(settings: Settings, login: Login) -> str:
    """The PostgreSQL role of an app login; roles belong to the cluster, so the prefix can be chosen."""
    return f"{settings.role_prefix or DEFAULT_ROLE_PREFIX}_{login.value}"


def role_password(ring: Keyring, login: Login) -> str:
    """The password of an app login, derived from the secret key: nothing to store or to hand over."""
    return ring.text_key(f"database-login/{login.value}")[:40]


def login_urls(settings: Settings, owner_url: str) -> dict[str, URL]:
    """The URL of each login, derived from the owner's."""
    url = make_url(owner_url).set(drivername="postgresql+psycopg")
    ring = Keyring(settings.secret_key)
    urls = {Login.OWNER.value: url}
    for login in APP_LOGINS:
        urls[login.value] = url.set(username=role_name(settings, login), password=role_password(ring, login))
    return urls


def engine_options(settings: Settings, login: Login) -> dict[str, object]:
    """Pool and session options of an app engine: every wait in the database is bounded.

    A process has more threads than a pool has connections: most of a rush stands in line without one. Whoever waits for
    a connection holds none of that pool, but for files of staff's lists, of which twenty at once would have to wait.
    Staff are few: of the pool of their login half is given back when it is not used.
    """
    most = min(settings.threads, MOST_CONNECTIONS)
    kept = most if login is not Login.BACKOFFICE else (most + 1) // 2
    timeouts = "-c statement_timeout=30s -c lock_timeout=10s -c idle_in_transaction_session_timeout=60s"
    return {
        "pool_size": kept,
        "max_overflow": most - kept + 2 + BARE_KEPT,
        "pool_timeout": 10,
        "pool_recycle": 1800,
        "connect_args": {
            "options": f"-c timezone=UTC {timeouts}",
            "connect_timeout": 5,
            "prepare_threshold": 2,
        },
    }


def engine(login: Login) -> Engine:
    """The engine of a login in the running app."""
    found: Engine = db.engines[login.value]
    return found


@dataclass(frozen=True, slots=True)
class Bare:
    """A connection without a session, each statement by itself: all that a look with hand-written SQL needs."""

    connection: psycopg.Connection[tuple]


Tx = Session | Bare
"""Where hand-written SQL alone is run."""


def cursor(tx: Tx) -> psycopg.Cursor[tuple]:
    """A raw cursor in the same transaction, for the few hot modules with hand-written SQL."""
    if isinstance(tx, Bare):
        return tx.connection.cursor()
    connection = tx.connection().connection.driver_connection
    assert isinstance(connection, psycopg.Connection)
    return connection.cursor()


def must_get(tx: Session, kind: type[T], key: Any, **how: Any) -> T:
    """The row of ``key``; ``how``: as ``Session.get`` takes it, locks among it. Raises NotFound where there is none."""
    found = tx.get(kind, key, **how)
    if found is None:
        raise NotFound()
    return found


def run_tx(login: Login, work: Callable[[Session], T]) -> T:
    """Run ``work`` in one transaction of ``login`` and commit it.

    Work that lost a race (serialization failure, deadlock) runs again, a bounded number of times with
    jitter, so it must not act outside the database. Raises Unavailable (503) when the database cannot be
    reached or a wait took too long; whatever ``work`` raises rolls back and comes through unchanged.
    """
    bind = engine(login)
    return _attempt(lambda: _in_session(bind, work))


def run_bare(login: Login, work: Callable[[Bare], T]) -> T:
    """Run a look with hand-written SQL, each statement by itself and without a session, which costs as much as two.

    Raises as ``run_tx``.
    """
    return _attempt(lambda: _in_bare(engine(login), work))


def run_autocommit(login: Login, work: Callable[[Session], T]) -> T:
    """Run ``work`` without a transaction: each statement stands alone, two round trips less.

    For reads through models, never for work that belongs together. Raises as ``run_tx``.
    """
    bare = engine(login)
    found = _AUTOCOMMIT.get(bare)
    if found is None:
        found = _AUTOCOMMIT[bare] = bare.execution_options(isolation_level="AUTOCOMMIT")
    autocommit = found
    return _attempt(lambda: _in_session(autocommit, work))


def _in_session(bind: Engine, work: Callable[[Session], T]) -> T:
    with Session(bind, expire_on_commit=False) as session, session.begin():
        return work(session)


def _in_bare(bind: Engine, work: Callable[[Bare], T]) -> T:
    kept = _BARE.get(bind)
    if kept is None:
        kept = _BARE[bind] = deque()
        event.listen(bind, "engine_disposed", _close_kept)
    try:
        pooled = kept.pop()
    except IndexError:
        pooled = bind.raw_connection()
        pooled.driver_connection.autocommit = True  # type: ignore[union-attr]
    connection = pooled.driver_connection
    assert isinstance(connection, psycopg.Connection)
    try:
        return work(Bare(connection))
    finally:
        if connection.pgconn.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            pooled.invalidate()  # broken, or left in the middle of something
        elif len(kept) < BARE_KEPT:
            kept.append(pooled)
        else:
            connection.autocommit = False
            pooled.close()


def _close_kept(bind: Engine) -> None:
    kept = _BARE.pop(bind, None)
    while kept:  # others may still put theirs in
        kept.pop().invalidate()


def _attempt(once: Callable[[], T]) -> T:
    for attempt in range(1, MAX_ATTEMPTS + 1):
        try:
            return once()
        except PoolTimeout as error:
            raise Unavailable("database_unavailable", retry_after=2) from error
        except DBAPIError as error:
            _refuse_unless_retryable(error, attempt)
        except psycopg.Error as error:
            _refuse_unless_retryable(error, attempt)
        time.sleep(random.uniform(0.002, 0.02) * attempt)  # noqa: S311 - jitter, not a secret
    raise AssertionError("unreachable")


def _refuse_unless_retryable(error: DBAPIError | psycopg.Error, attempt: int) -> None:
    cause = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(cause, "sqlstate", None)
    if state in RETRYABLE:
        if attempt < MAX_ATTEMPTS:
            return
        raise Unavailable("try_again", retry_after=1) from error
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    unreachable = isinstance(cause, psycopg.OperationalError) and state is None
    if state in BUSY or lost or unreachable:
        current_app.logger.warning("database unavailable: %s", state or type(cause).__name__)
        if lost or unreachable:
            for login in APP_LOGINS:
                if login.value in db.engines:
                    db.engines[login.value].dispose(close=False)
        raise Unavailable("database_unavailable", retry_after=2) from error
    raise error


__all__ = [
    "APP_LOGINS",
    "Bare",
    "Base",
    "Id",
    "IdText",
    "Login",
    "Moment",
    "Tx",
    "cursor",
    "db",
    "engine",
    "engine_options",
    "login_urls",
    "role_name",
    "role_password",
    "run_autocommit",
    "run_bare",
    "run_tx",
]
