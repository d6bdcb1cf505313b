"""``flask serve``: one command that owns everything an installation on one machine needs.

It holds the embedded stores, runs the HTTP server (worker processes) and the background worker as children,
and starts again what dies. On SIGTERM ``/readyz`` says 503 first, requests in flight finish, then the children
and at last the stores are stopped.
"""

from __future__ import annotations

import contextlib
import errno
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
import structlog

from mall.embedded import EmbeddedStores, StoresError, told_to_end
from mall.health import DRAIN_FILE
from mall.parent import FINISH_SECONDS
from mall.settings import Settings

DRAIN_SECONDS = 1.0
"""How long /readyz says 503 before the server stops taking connections, so that a load balancer sees it."""
READY_SECONDS = 60
STEADY_SECONDS = 60
"""A child that ran this long is started again at once; one that fails sooner waits twice as long each time."""
LONGEST_PAUSE = 30.0
PORT_SECONDS = 5.0
"""How long a taken port is waited for: the workers of a server that was killed take a moment to go."""

log = structlog.get_logger("mall.serve")


class ServeError(click.ClickException):
    """The server cannot start; the message says why."""


@dataclass(slots=True)
class Child:
    """A process kept running. ``due``: when to start it (monotonic seconds)."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0
    due: float = 0.0

    def ended(self) -> int | None:
        """Note the end of the process and when to start it again; its exit code, None while it runs."""
        if self.process is None or self.process.poll() is None:
            return None
        code = self.process.returncode
        self.process = None
        self.failures = 0 if time.monotonic() - self.started > STEADY_SECONDS else self.failures + 1
        self.due = time.monotonic() + (min(2.0 ** (self.failures - 1), LONGEST_PAUSE) if self.failures else 0.0)
        return code


@dataclass(slots=True)
class Supervisor:
    """The process that owns the installation."""

    settings: Settings
    stores: EmbeddedStores
    before: Sequence[Sequence[str]] = ()
    """Commands of ``flask`` to run before serving, such as ``demo load``."""
    when_ready: Sequence[Sequence[str]] = ()
    """Commands of ``flask`` to run once requests are answered; each is given ``--url``."""
    banner: Callable[[], str] | None = None
    log_file: Path | None = None
    """Where the log of what runs below goes, made anew; to standard error when None."""
    stopping: threading.Event = field(default_factory=threading.Event)
    _lock: IO[bytes] | None = None

    @property
    def url(self) -> str:
        """Where the server answers on this machine."""
        host = self.settings.host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.settings.port}"

    def claim(self) -> None:
        """Make sure that this is the only server here and that the port is free. Raises ServeError."""
        var = self.settings.var
        var.mkdir(parents=True, exist_ok=True)
        self._lock = (var / "serve.lock").open("ab")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ServeError(f"A server is running on {var} already. Another folder: MALL_VAR=…") from error
        deadline = time.monotonic() + PORT_SECONDS
        while not _port_is_free(self.settings.host, self.settings.port):
            if time.monotonic() > deadline:
                raise ServeError(f"Port {self.settings.port} is taken. Choose another: PORT=8001 make run")
            time.sleep(0.2)

    def run(self) -> None:
        """Serve until told to stop. Raises ServeError when a command before serving fails."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stopping.set())
        if told_to_end():
            self.stopping.set()
        drain = self.settings.var / DRAIN_FILE
        drain.unlink(missing_ok=True)
        if self.log_file is not None:
            self.log_file.write_bytes(b"")
        parent = str(os.getpid())
        children = [
            Child("http", [sys.executable, "-m", "mall.http_server", parent]),
            Child("worker", _flask("worker", "--parent", parent)),
        ]
        announcer = threading.Thread(target=self._announce, daemon=True)
        try:
            for arguments in self.before:
                if self._helper(*arguments) != 0 and not self.stopping.is_set():
                    raise ServeError(f"`flask {' '.join(arguments)}` failed")
            announcer.start()
            self._watch(children)
            drain.touch()
            self._stop(children)
        finally:
            self.stopping.set()
            for child in children:
                if child.process is not None and child.process.poll() is None:
                    child.process.kill()
                    child.process.wait()
            if announcer.ident is not None:
                announcer.join(FINISH_SECONDS)
            drain.unlink(missing_ok=True)
            self.stores.stop()

    # -- parts ------------------------------------------------------------------------------------

    def _watch(self, children: list[Child]) -> None:
        """Until told to stop: start children, again when they end, and embedded stores that died."""
        look_at_stores = time.monotonic() + 1.0
        while not self.stopping.is_set():
            for child in children:
                code = child.ended()
                if code is not None:
                    log.warning("child ended", child=child.name, code=code)
                if child.process is None and time.monotonic() >= child.due:
                    self._start(child)
            if time.monotonic() >= look_at_stores:
                self._look_at_stores()
                look_at_stores = time.monotonic() + 1.0
            self.stopping.wait(0.2)

    def _start(self, child: Child) -> None:
        settings = self.settings
        environment = {
            "MALLOC_ARENA_MAX": "2",  # each thread its own heap keeps memory that nobody uses
            **os.environ, "PORT": str(settings.port), "WORKERS": str(settings.workers),
        }  # fmt: skip
        if child.name == "http":  # figures of workers that are gone count no longer
            figures = settings.var / "metrics"
            shutil.rmtree(figures, ignore_errors=True)
            figures.mkdir(parents=True)
            environment["PROMETHEUS_MULTIPROC_DIR"] = str(figures)
        child.started = time.monotonic()
        with self.log_file.open("ab") if self.log_file else contextlib.nullcontext() as stderr:
            child.process = subprocess.Popen(child.command, env=environment, stderr=stderr, start_new_session=True)

    def _look_at_stores(self) -> None:
        known = len(self.stores.started)
        try:
            self.stores.ensure()
        except StoresError as error:
            log.error("stores down", error=error.message)
        for name in self.stores.started[known:]:
            log.warning("store was down, started again", store=name)

    def _stop(self, children: list[Child]) -> None:
        running = [child.process for child in children if child.process is not None]
        time.sleep(DRAIN_SECONDS if running else 0)
        for process in running:
            process.terminate()
        deadline = time.monotonic() + FINISH_SECONDS + 5
        for process in running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, deadline - time.monotonic()))

    def _announce(self) -> None:
        """Once the server answers: run what waits for that, then say where it is."""
        deadline = time.monotonic() + READY_SECONDS
        while not _answers(f"{self.url}/readyz"):
            if self.stopping.wait(0.1):
                return
            if time.monotonic() > deadline:
                log.error("not ready", seconds=READY_SECONDS)
                return
        for arguments in self.when_ready:
            code = self._helper(*arguments, "--url", self.url)
            if self.stopping.is_set():
                return
            if code != 0:
                log.error("command failed; the server goes on", command=" ".join(arguments), code=code)
        if self.banner is not None:
            click.echo(self.banner())

    def _helper(self, *arguments: str) -> int:
        """Run a command of ``flask`` to its end, or until told to stop; its exit code."""
        with subprocess.Popen(_flask(*arguments)) as process:
            while process.poll() is None:
                if self.stopping.wait(0.1):
                    process.terminate()
                    process.wait(FINISH_SECONDS)
            return process.returncode


def _flask(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "flask", "--app", "wsgi", *arguments]


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310 - our own address
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _port_is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError as error:
            raise ServeError(f"Port {port} needs more rights. Choose one above 1023: PORT=8001 make run") from error
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise ServeError(f"Cannot listen on {host}: {error.strerror}") from error
            return False
    return True
