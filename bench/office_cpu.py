"""The processor's time of this process and its database, which says what a thing costs however busy the machine is."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import psutil


def cpu_clock(folder: Path) -> Callable[[], float]:
    """A clock of the seconds that this process and the embedded PostgreSQL in ``folder`` have computed together."""
    server = psutil.Process(int((folder / "postgres" / "postmaster.pid").read_text().split()[0]))

    def read() -> float:
        times = server.cpu_times()
        spent: float = time.process_time() + times.children_user + times.children_system
        for child in server.children():
            try:
                spent += sum(child.cpu_times()[:2])
            except psutil.NoSuchProcess:  # a parallel worker: from now on it is among the server's own
                continue
        return spent

    return read
