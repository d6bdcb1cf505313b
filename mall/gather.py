"""Group commit: callers who want the same thing at the same moment share one transaction.

Whoever comes first works at once, in its own thread; whoever comes meanwhile waits, and when the first is done the
longest waiting does the work of all who wait. Nothing waits on a clock, nobody overtakes, and different things do
not wait for each other. Used where many would otherwise queue for one hot row with a transaction open each.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from flask import Flask

from mall.errors import Unavailable

T = TypeVar("T")
R = TypeVar("R")

LONGEST_WAIT = 40
"""Seconds; past every bound inside the database."""


@dataclass(slots=True, eq=False)
class _Place(Generic[T, R]):
    """A caller in line. ``told`` is locked until it has its turn, its result or an error."""

    item: T
    told: threading.Lock = field(default_factory=threading.Lock)
    leads: bool = False
    result: R | None = None
    error: BaseException | None = None


class Gathering(Generic[T, R]):
    """Lines of callers, one for each thing they want (``key``); ``most``: how many are served at once."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._lines: dict[Hashable, deque[_Place[T, R]]] = {}

    def join(self, key: Hashable, item: T, work: Callable[[Sequence[T]], Sequence[R]]) -> R:
        """Have ``item`` worked on, with all others that wait for ``key``; its result.

        ``work`` gets the items in the order in which they came, the caller's own first, and says the result of
        each. What it raises is raised for all of them. Raises Unavailable after 40 seconds in line.
        """
        own: _Place[T, R] = _Place(item)
        with self._lock:
            line = self._lines.get(key)
            if line is None:
                own.leads, line = True, deque()
                self._lines[key] = line
            else:
                own.told.acquire()
                line.append(own)
        if not own.leads:
            self._wait(line, own)
        if own.leads:
            self._lead(key, line, own, work)
        if own.error is not None:
            raise own.error
        return own.result  # type: ignore[return-value]

    def _wait(self, line: deque[_Place[T, R]], own: _Place[T, R]) -> None:
        if own.told.acquire(timeout=LONGEST_WAIT):
            return
        with self._lock:
            if own in line:
                line.remove(own)
                raise Unavailable("database_unavailable", retry_after=2)
        own.told.acquire()  # its turn came at the last moment

    def _lead(
        self, key: Hashable, line: deque[_Place[T, R]], own: _Place[T, R], work: Callable[[Sequence[T]], Sequence[R]]
    ) -> None:
        group = [own]
        with self._lock:
            while line and len(group) < self._most:
                group.append(line.popleft())
        try:
            for place, result in zip(group, work([place.item for place in group]), strict=True):
                place.result = result
        except BaseException as error:
            for place in group:
                place.error = error
        finally:
            with self._lock:
                following = line.popleft() if line else None
                if following is None:
                    del self._lines[key]
            if following is not None:
                following.leads = True
                following.told.release()
            for place in group[1:]:
                place.told.release()


def gathering_of(app: Flask, name: str, most: int) -> Gathering[Any, Any]:
    """The gathering that an app keeps under ``name``, made when it is first asked for."""
    found: Gathering[Any, Any] | None = app.extensions.get(name)
    return found or app.extensions.setdefault(name, Gathering(most))
