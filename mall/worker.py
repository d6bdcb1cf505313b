"""The background worker: outbox messages and due jobs, until it is told to stop."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import structlog
from flask import Flask

from mall import clock
from mall.db import Login, run_tx
from mall.embedded import told_to_end
from mall.errors import Unavailable
from mall.jobs import LANES, due_jobs, run_job
from mall.outbox import deliver_due
from mall.webhooks.dispatch import LAST_WAIT_SECONDS, send_due, send_until

log = structlog.get_logger("mall.worker")

IDLE_SECONDS = 1.0
SCHEDULE_SECONDS = 5.0
LONGEST_PAUSE = 30.0


def run_worker(app: Flask, *, once: bool = False) -> None:
    """Work until SIGTERM or SIGINT. What is being done is finished first; a database that is away is waited for."""
    stop = threading.Event()
    log.info("worker started")
    next_schedule, pause = 0.0, IDLE_SECONDS
    with _stopped_by_signals(stop), app.app_context():
        webhooks = threading.Thread(target=send_until, args=(app, stop), name="webhooks", daemon=True)
        if not once:  # daemons: what they are at is taken up again by the next worker
            for lane in LANES:
                threading.Thread(target=_work_aside, args=(app, stop, lane), name=lane, daemon=True).start()
            webhooks.start()
        while not stop.is_set():
            busy = 0
            try:
                if time.monotonic() >= next_schedule:
                    _run_due(stop, lane=None if once else "")
                    next_schedule = time.monotonic() + SCHEDULE_SECONDS
                busy = deliver_due(clock.now())
                if once and not busy:
                    busy = send_due(clock.now())
                pause = 0.0 if busy else IDLE_SECONDS
            except Unavailable:
                pause = min(max(pause, IDLE_SECONDS) * 2, LONGEST_PAUSE)
                log.warning("database away", retry_seconds=pause)
            if once and not busy:
                break
            stop.wait(pause)
        if webhooks.is_alive():
            webhooks.join(LAST_WAIT_SECONDS + 1)
    log.info("worker stopped")


@contextmanager
def _stopped_by_signals(stop: threading.Event) -> Iterator[None]:
    """SIGTERM and SIGINT set ``stop`` meanwhile; only the main thread can do that."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    if told_to_end():
        stop.set()
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _work_aside(app: Flask, stop: threading.Event, lane: str) -> None:
    """Run the jobs of a lane, which may take minutes, until the worker stops."""
    with app.app_context():
        while not stop.wait(LANES[lane]):
            with suppress(Unavailable):  # the worker itself says so, and waits
                _run_due(stop, lane=lane)


def _run_due(stop: threading.Event, *, lane: str | None) -> None:
    now = clock.now()
    for name in run_tx(Login.BACKOFFICE, lambda tx: due_jobs(tx, now, lane=lane)):
        if stop.is_set():
            return
        started = time.perf_counter()
        try:
            summary = run_job(name, clock.now(), only_if_due=True)
        except Unavailable:
            raise
        except Exception:
            log.exception("job failed", job=name)
            continue
        if summary:
            log.info("job done", job=name, seconds=round(time.perf_counter() - started, 3), **summary)
