"""Child processes that end with their parent, even when that is killed with ``kill -9``."""

from __future__ import annotations

import os
import signal
import threading
import time

LOOK_SECONDS = 0.5
FINISH_SECONDS = 30
"""How long work in flight may take to finish once a process has been told to stop."""


def end_with(parent: int) -> None:
    """Stop this process as SIGTERM does when the process ``parent`` is gone; after 30 s by force."""
    threading.Thread(target=_watch, args=(parent,), name="parent-watch", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(FINISH_SECONDS)
    os._exit(1)
