"""Group commit: single events that arrive together are booked together.

While one group commits, the next one gathers; nothing waits on a clock. A group goes through the batch path
(``book_events``), so there is no second way to write, and a commit is shared by all who wait for it (design,
section 4: group commit). Each worker process has one writer.
"""

from __future__ import annotations

import queue
import threading
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field

from flask import Flask

from mall import clock
from mall.db import Login, run_tx
from mall.errors import Unavailable
from mall.proxies import this_app
from points.earning.book_events import Outcome, book_events
from points.earning.event_types import EventIn, EventSource

MOST_IN_GROUP = 100
"""Larger batches of concurrent writers are slower (design, section 4, measured)."""
LONGEST_WAIT = 40
"""Seconds; past every bound inside the database."""


@dataclass(slots=True)
class _Waiting:
    source: EventSource
    event: EventIn
    outcome: Future[Outcome] = field(default_factory=Future)


class GroupWriter:
    """The writer of one process: a thread that books whatever is waiting."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._waiting: queue.SimpleQueue[_Waiting] = queue.SimpleQueue()
        threading.Thread(target=self._work, name="group-writer", daemon=True).start()

    def book(self, source: EventSource, event: EventIn) -> Outcome:
        """Book one event with whatever else is waiting; raises what the booking raised."""
        item = _Waiting(source, event)
        self._waiting.put(item)
        try:
            return item.outcome.result(LONGEST_WAIT)
        except FutureTimeout as error:
            raise Unavailable("database_unavailable", retry_after=2) from error

    def _work(self) -> None:
        while True:
            group = [self._waiting.get()]
            while len(group) < MOST_IN_GROUP and not self._waiting.empty():
                group.append(self._waiting.get())
            by_source: dict[EventSource, list[_Waiting]] = {}
            for item in group:
                by_source.setdefault(item.source, []).append(item)
            for items in by_source.values():
                self._book(items)

    def _book(self, items: list[_Waiting]) -> None:
        try:
            with self._app.app_context():
                outcomes = _book_now(items[0].source, [item.event for item in items])
        except BaseException as error:
            if len(items) == 1 or isinstance(error, Unavailable):
                for item in items:
                    item.outcome.set_exception(error)
                return
            for item in items:  # one event that cannot be booked must not take the others with it
                self._book([item])
            return
        for item, outcome in zip(items, outcomes, strict=True):
            item.outcome.set_result(outcome)


def _book_now(source: EventSource, events: list[EventIn]) -> list[Outcome]:
    return run_tx(Login.EARNING, lambda tx: book_events(tx, source, events, clock.now()))


def book_in_group(source: EventSource, event: EventIn) -> Outcome:
    """Book one event in the group that is gathering in this process.

    A refusal is asked for again alone, in the caller's own context: it has booked nothing, and its sentence is
    then in the caller's language.
    """
    app = this_app()
    with _making:
        writer = app.extensions.get("group_writer")
        if writer is None:
            writer = app.extensions["group_writer"] = GroupWriter(app)
    outcome: Outcome = writer.book(source, event)
    return outcome if outcome.error is None else _book_now(source, [event])[0]


_making = threading.Lock()
