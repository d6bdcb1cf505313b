"""The embedded stores: a PostgreSQL 18 and a Redis under ``MALL_VAR``, for installations that bring none.

Whoever uses them holds a shared lock on ``MALL_VAR/stores.lock``; whoever leaves last stops them. So a command
beside a running server joins its stores and leaves them running, and a command alone cleans up after itself,
also after a server that was killed. After ``kill -9`` PostgreSQL recovers from its log at the next start; Redis
holds nothing that matters.

Both listen on a Unix socket in a folder that only their user (and root) can enter, so no password is needed.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO
from urllib.parse import quote

import psycopg
import redis

from mall.embedded_postgres import DATABASE, OWNER, PG_BIN, EmbeddedPostgres
from mall.embedded_redis import EmbeddedRedis
from mall.settings import Settings
from mall.store_folders import StoresError, socket_folder

__all__ = ["PG_BIN", "EmbeddedStores", "StoreUrls", "StoresError"]


_PYTHONS_OWN = {signal.SIGTERM: signal.SIG_DFL, signal.SIGINT: signal.default_int_handler}
_told: list[int] = []
"""Signals by which this process was told to end while it had no ways of its own to."""


@contextlib.contextmanager
def _ending_in_order() -> Iterator[None]:
    """Around the start of stores: told to end (SIGTERM, Ctrl-C) a process that has none of its own ways to end leaves
    through the ordinary door, so that the stores it holds are stopped; told so during the start, once that is over.

    Python's default for SIGTERM is to be gone at once, and what was started would stay behind; so would what Ctrl-C
    leaves half started.
    """
    ours = [number for number, handler in _PYTHONS_OWN.items() if signal.getsignal(number) == handler]
    if threading.current_thread() is not threading.main_thread() or not ours:
        yield
        return
    for number in ours:
        signal.signal(number, _note)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, _leave)
    if _told:
        _leave(_told[0])


def _note(number: int, _frame: object = None) -> None:
    _told.append(number)


def _leave(number: int, _frame: object = None) -> None:
    _told.append(number)
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    sys.exit(128 + number)


def told_to_end() -> bool:
    """Whether this process was told to end. The exception of that is lost where it met a callback of the garbage
    collector, which swallows every one; a server looks here once it has ways to end of its own."""
    return bool(_told)


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Around the end of stores: told to end once more, the process ends no sooner."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _note) for number in _PYTHONS_OWN}
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler is not None:  # one that is not Python's cannot be put back
                signal.signal(number, handler)


@dataclass(frozen=True, slots=True)
class StoreUrls:
    """Where the stores are."""

    database_url: str
    redis_url: str


class EmbeddedStores:
    """The stores of one ``MALL_VAR``, as this process uses them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._var = settings.var
        self._sockets = socket_folder(settings.var)
        self._postgres = EmbeddedPostgres(settings.var / "postgres", self._sockets)
        self._redis = EmbeddedRedis(self._sockets.with_name(self._sockets.name + "-redis"))
        self._lock: IO[bytes] | None = None
        self._pid = os.getpid()
        self.started: list[str] = []
        """What this process had to start, in order."""

    def ensure(self) -> StoreUrls:
        """Start what is not running, join what is; nothing for stores given by the settings. Raises StoresError."""
        database_url, redis_url = self._settings.database_url, self._settings.redis_url
        if database_url is None or redis_url is None:
            try:
                # A test run has ways of its own: a refusal to end raised inside a test would be that test's failure.
                with contextlib.nullcontext() if self._settings.testing else _ending_in_order():
                    self._join()
            except (OSError, psycopg.Error, redis.RedisError, subprocess.SubprocessError) as error:
                raise StoresError(f"The embedded stores under {self._var} cannot be used: {error}") from error
        return StoreUrls(
            database_url or f"postgresql://{OWNER}@/{DATABASE}?host={quote(str(self._sockets))}",
            redis_url or f"unix://{quote(str(self._redis.socket))}",
        )

    def stop(self) -> None:
        """Leave the stores; stop them if nobody else uses them. Does nothing in a forked child, or twice."""
        if self._lock is None or os.getpid() != self._pid:
            return
        lock, self._lock = self._lock, None
        with _undisturbed(), lock, contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if self._settings.redis_url is None:
                self._redis.stop()
            if self._settings.database_url is None:
                self._postgres.stop()

    def _join(self) -> None:
        self._var.mkdir(parents=True, exist_ok=True)
        if self._lock is None:
            self._lock = (self._var / "stores.lock").open("ab")
            fcntl.flock(self._lock, fcntl.LOCK_SH)  # waits while the last user before us stops the stores
        with (self._var / "start.lock").open("ab") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            if self._settings.database_url is None and self._postgres.ensure():
                self.started.append("PostgreSQL")
            if self._settings.redis_url is None and self._redis.ensure():
                self.started.append("Redis")
