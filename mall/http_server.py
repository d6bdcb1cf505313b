"""The HTTP server of ``flask serve``: ``python -m mall.http_server PARENT``.

Granian's main process with its worker processes. None outlives its parent: granian's own workers would go on
serving, unwatched, when their main process is killed.
"""

from __future__ import annotations

import fcntl
import importlib
import os
import signal
import sys
from functools import partial
from pathlib import Path
from typing import IO, Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from mall.parent import FINISH_SECONDS, end_with
from mall.settings import Settings

_core: IO[bytes] | None = None
"""Open for as long as this process has a core of its own."""


def load_app(main: int, settings: Settings) -> Any:
    """In a worker process: the app, for as long as the process ``main`` lives."""
    # Until granian listens to signals in a worker, those of its main process are in force and stop nothing.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    end_with(main)
    app = importlib.import_module("wsgi").app
    importlib.import_module("mall.i18n").read_catalogues(app)  # here alone: the main process needs none of it
    take_core(settings.var, settings.workers)  # before granian starts its threads, and after the stores were found
    return app


def take_core(folder: Path, workers: int) -> int | None:
    """Keep this process, one of so many workers, to a core, where there is just one for each; which one, else None.

    Python runs one thread of a process at a time; threads that move from core to core cost a fifth of their time
    (docs/adr/0013). ``folder``: where the workers see which cores are taken.
    """
    global _core
    if not hasattr(os, "sched_setaffinity") or len(cores := os.sched_getaffinity(0)) != workers:
        return None
    _core = (folder / "http.cores").open("ab")
    for core in sorted(cores):
        try:
            fcntl.lockf(_core, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, core)  # the byte of this core, until the process ends
        except OSError:
            continue
        os.sched_setaffinity(0, {core})
        return core
    return None


def run(settings: Settings) -> None:
    """Serve until SIGTERM; requests in flight finish first."""
    server = Granian(
        "wsgi:app",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.workers,
        blocking_threads=settings.threads,
        http=HTTPModes.http1,
        websockets=False,
        backlog=2048,
        log_level=LogLevels.error,
        respawn_failed_workers=True,
        workers_kill_timeout=FINISH_SECONDS,
    )
    server.serve(target_loader=partial(load_app, os.getpid(), settings), wrap_loader=False)


if __name__ == "__main__":
    end_with(int(sys.argv[1]))
    run(Settings.from_env())
