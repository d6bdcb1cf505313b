"""The HTTP server of ``flask serve``: ``python -m mall.http_server PARENT``.

Granian's main process with its worker processes. None outlives its parent: granian's own workers would go on
serving, unwatched, when their main process is killed.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from functools import partial
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from mall.parent import FINISH_SECONDS, end_with
from mall.settings import Settings


def load_app(main: int) -> Any:
    """In a worker process: the app, for as long as the process ``main`` lives."""
    # Until granian listens to signals in a worker, those of its main process are in force and stop nothing.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    end_with(main)
    return importlib.import_module("wsgi").app


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
    server.serve(target_loader=partial(load_app, os.getpid()), wrap_loader=False)


if __name__ == "__main__":
    end_with(int(sys.argv[1]))
    run(Settings.from_env())
