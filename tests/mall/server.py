"""A real ``flask serve`` for tests: its processes, its answers, its end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 60.0
"""How long anything may take on a busy machine."""


def environment(var: Path, **more: str) -> dict[str, str]:
    """The environment of a process on the stores of ``var``: nothing of the surroundings but what Python needs."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, "MALL_VAR": str(var), **more}


def flask(var: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command of ``flask`` to its end."""
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", *arguments], cwd=ROOT, env=environment(var, **more),
        capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False,
    )  # fmt: skip


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(true: Callable[[], object], what: str) -> None:
    """Wait until ``true()``; fail with ``what`` when that takes too long."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline, f"still not: {what}"
        time.sleep(0.05)


def postgres_of(var: Path) -> list[psutil.Process]:
    """Living processes of the embedded PostgreSQL under ``var``, the postmaster first."""
    return _living(lambda process: process.cwd() == str((var / "postgres").resolve()))


def redis_of(var: Path) -> list[psutil.Process]:
    """The living embedded Redis under ``var``."""
    return _living(lambda process: f"unixsocket:{var}/run-redis/redis.sock" in " ".join(process.cmdline()))


def kill_9(processes: Iterable[psutil.Process]) -> None:
    """``kill -9`` to each; one that went with the one before it (PostgreSQL's children) is no error."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def _living(wanted: Callable[[psutil.Process], bool]) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and wanted(process):
                found.append(process)
        except psutil.Error:
            continue
    return sorted(found, key=lambda process: process.pid)


@dataclass
class Server:
    """``flask serve`` on the stores of ``var``."""

    var: Path
    port: int
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, var: Path) -> Server:
        """Start it and wait until it is ready."""
        port = free_port()
        log = (var.parent / f"{var.name}.log").open("ab")
        process = subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", "wsgi", "serve"],
            cwd=ROOT, env=environment(var, PORT=str(port)), stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
        log.close()
        server = cls(var, port, process)
        until(lambda: server.ready() == 200 or process.poll() is not None, "ready")
        assert process.poll() is None, (var.parent / f"{var.name}.log").read_text()
        return server

    def url(self, path: str) -> str:
        """An address at the server."""
        return f"http://127.0.0.1:{self.port}{path}"

    def ready(self) -> int:
        """The status of /readyz, 0 when nothing answers."""
        try:
            return httpx.get(self.url("/readyz"), timeout=10).status_code
        except httpx.TransportError:
            return 0

    def family(self) -> list[psutil.Process]:
        """The processes under the server: http with its workers, and the background worker."""
        try:
            return psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def child(self, word: str) -> psutil.Process:
        """The child of the server whose command holds ``word``."""
        return next(child for child in psutil.Process(self.process.pid).children() if word in " ".join(child.cmdline()))

    def end(self) -> int:
        """Stop it as an operator does; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_SECONDS)
