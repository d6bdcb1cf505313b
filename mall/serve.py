"""``flask serve``: one command that owns everything an installation on one machine needs.

It starts the embedded stores, migrates, runs the HTTP server (granian, worker processes) and the background
worker as children, and restarts what dies. On SIGTERM ``/readyz`` says 503 first, requests in flight finish,
then the children and at last the stores are stopped.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import click

from mall.embedded import EmbeddedStores, StoresError
from mall.health import DRAIN_FILE
from mall.settings import Settings

DRAIN_SECONDS = 1.0
"""How long /readyz says 503 before the server stops taking connections, so that a load balancer sees it."""
FINISH_SECONDS = 30
"""How long requests in flight may take to finish."""
READY_SECONDS = 60
_PR_SET_PDEATHSIG = 1


class ServeError(Exception):
    """The server cannot start; the message says why."""


@dataclass(slots=True)
class Child:
    """A process kept running: what it is called, its command, and when it was last started."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0


def _die_with_parent() -> None:
    """In a child, before it runs: end when the supervisor is gone, even by ``kill -9``."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass(slots=True)
class Supervisor:
    """The process that owns the installation."""

    settings: Settings
    stores: EmbeddedStores
    before: Sequence[Sequence[str]] = ()
    """Commands of ``flask`` to run before serving, such as ``demo load``."""
    when_ready: Sequence[Sequence[str]] = ()
    """Commands of ``flask`` to run once requests are answered."""
    banner: Callable[[], str] | None = None
    stopping: threading.Event = field(default_factory=threading.Event)
    _lock: IO[bytes] | None = None

    def run(self) -> int:
        """Serve until told to stop; returns the exit code. Raises ServeError."""
        self._only_one()
        _port_is_free(self.settings.host, self.settings.port)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stopping.set())
        drain = self.settings.var / DRAIN_FILE
        drain.unlink(missing_ok=True)
        for arguments in self.before:
            if self._flask(*arguments) != 0:
                raise ServeError(f"`flask {' '.join(arguments)}` failed")
        children = [Child("http", self._http_command()), Child("worker", self._flask_command("worker"))]
        try:
            for child in children:
                self._start(child)
            threading.Thread(target=self._announce, daemon=True).start()
            self._watch(children)
            drain.touch()
            self._stop(children)
        finally:
            for child in children:
                if child.process is not None and child.process.poll() is None:
                    child.process.kill()
                    child.process.wait()
            drain.unlink(missing_ok=True)
            self.stores.stop(owner=True)
        return 0

    # -- parts ------------------------------------------------------------------------------------

    def _only_one(self) -> None:
        self.settings.var.mkdir(parents=True, exist_ok=True)
        self._lock = (self.settings.var / "serve.lock").open("ab")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ServeError(f"A server is running on {self.settings.var} already.") from error

    def _environment(self) -> dict[str, str]:
        figures = self.settings.var / "metrics"
        shutil.rmtree(figures, ignore_errors=True)
        figures.mkdir(parents=True)
        return {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(figures), "PORT": str(self.settings.port)}

    def _flask_command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "flask", "--app", "wsgi", *arguments]

    def _flask(self, *arguments: str) -> int:
        return subprocess.call(self._flask_command(*arguments))

    def _http_command(self) -> list[str]:
        settings = self.settings
        return [
            sys.executable, "-m", "granian", "--interface", "wsgi", "--host", settings.host,
            "--port", str(settings.port), "--workers", str(settings.workers),
            "--blocking-threads", str(settings.threads), "--no-ws", "--http", "1", "--backlog", "2048",
            "--respawn-failed-workers", "--workers-kill-timeout", str(FINISH_SECONDS),
            "--log-level", "error", "wsgi:app",
        ]  # fmt: skip

    def _start(self, child: Child) -> None:
        child.started = time.monotonic()
        child.process = subprocess.Popen(
            child.command, env=self._environment() if child.name == "http" else None, preexec_fn=_die_with_parent,
            start_new_session=True,
        )  # fmt: skip

    def _watch(self, children: list[Child]) -> None:
        """Until told to stop: restart children that died, with a growing pause, and embedded stores that died."""
        checked = time.monotonic()
        while not self.stopping.wait(0.2):
            for child in children:
                assert child.process is not None
                if child.process.poll() is None:
                    continue
                ran = time.monotonic() - child.started
                child.failures = 0 if ran > READY_SECONDS else child.failures + 1
                pause = min(2.0 ** (child.failures - 1), 30.0) if child.failures else 0.0
                click.echo(f"{child.name} ended with {child.process.returncode}; starting again", err=True)
                if self.stopping.wait(pause):
                    return
                self._start(child)
            if time.monotonic() - checked > 1.0:
                checked = time.monotonic()
                with contextlib.suppress(StoresError):
                    self.stores.ensure()

    def _stop(self, children: list[Child]) -> None:
        time.sleep(DRAIN_SECONDS)
        for child in children:
            if child.process is not None:
                child.process.terminate()
        deadline = time.monotonic() + FINISH_SECONDS + 5
        for child in children:
            if child.process is not None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.process.wait(max(0.1, deadline - time.monotonic()))

    def _announce(self) -> None:
        """Once the server answers: run what waits for that, then say where it is."""
        url = f"http://{self.settings.host}:{self.settings.port}"
        deadline = time.monotonic() + READY_SECONDS
        while not _answers(f"{url}/readyz"):
            if time.monotonic() > deadline or self.stopping.wait(0.1):
                return
        for arguments in self.when_ready:
            if self.stopping.is_set() or self._flask(*arguments, "--url", url) != 0:
                return
        if self.banner is not None:
            click.echo(self.banner())


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _port_is_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ServeError(f"Port {port} is taken. Choose another: PORT=8001 make run") from error


def project_folder() -> Path:
    """The folder that holds ``wsgi.py``."""
    return Path(__file__).resolve().parent.parent
