"""A whole installation as a user runs it: ``flask serve`` in a process, with stores and folder of its own."""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 90
FURNISHED = "MALL_FURNISHED"
"""Names the folder where a run of tests keeps what it copies installations from."""


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def shared_folder() -> Path:
    """The folder that this process shares with those it has started since; gone when it ends."""
    if FURNISHED not in os.environ:
        os.environ[FURNISHED] = tempfile.mkdtemp(prefix="mall-furnished-")
        atexit.register(shutil.rmtree, os.environ[FURNISHED], ignore_errors=True)
    return Path(os.environ[FURNISHED])


def _furnished(demo: bool) -> Path:
    """A folder whose database is made and migrated, to be copied; made by the mall's own commands, once for all
    processes of a run of tests.

    Its PostgreSQL does not wait for the disk: what tests kill are processes, never the machine.
    """
    folder = shared_folder() / ("demo" if demo else "empty")
    ready = folder.with_suffix(".ready")
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists():
            _furnish(folder, demo)
            ready.touch()
    return folder


def _furnish(folder: Path, demo: bool) -> None:
    folder.mkdir()
    if demo:
        subprocess.run(["cp", "-a", f"{_furnished(demo=False)}/.", str(folder)], check=True)
    ours = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "REDIS_URL")}
    # The worker does what the demo's history left to do: nobody is told of it while a test looks on.
    for arguments in (("demo", "load"), ("worker", "--once")) if demo else (("db", "upgrade"),):
        command = [sys.executable, "-m", "flask", "--app", "wsgi", *arguments]
        subprocess.run(command, cwd=ROOT, env={**ours, "MALL_VAR": str(folder)}, check=True, capture_output=True)
    if not demo:
        with (folder / "postgres" / "postgresql.auto.conf").open("a", encoding="utf-8") as conf:
            conf.write("fsync = off\n")


class Installation:
    """One installation: started, asked, stopped. Its database is there already (starting from nothing is tested in
    ``tests/mall``), with the demo in it if wanted."""

    def __init__(self, *, demo: bool = False, **environment: str) -> None:
        self.var = Path(tempfile.mkdtemp(prefix="mall-served-"))
        subprocess.run(["cp", "-a", f"{_furnished(demo)}/.", str(self.var)], check=True)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        ours = {"MALL_VAR": str(self.var), "PORT": str(self.port), "RATELIMIT_ENABLED": "0", **environment}
        outside = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "REDIS_URL")}
        self.environment = {**outside, **ours}
        self.process: subprocess.Popen[bytes] | None = None

    def flask(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command of the mall's ``flask``."""
        command = [sys.executable, "-m", "flask", "--app", "wsgi", *arguments]
        return subprocess.run(
            command,
            cwd=ROOT,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def start(self) -> None:
        """Serve, and come back when requests are answered."""
        log = (self.var / "serve.log").open("ab")
        command = [sys.executable, "-m", "flask", "--app", "wsgi", "serve"]
        self.process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=log, stderr=log)
        log.close()
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200:
                    return
            except httpx.HTTPError:
                time.sleep(0.1)
            assert self.process.poll() is None, (self.var / "serve.log").read_text()[-3000:]
        raise AssertionError("not ready: " + (self.var / "serve.log").read_text()[-3000:])

    def stop(self) -> int:
        """Ask it to end; returns its exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(60)

    def close(self) -> None:
        """Stop it if it runs, and throw its folder away."""
        if self.process is not None and self.process.poll() is None:
            self.stop()
        shutil.rmtree(self.var, ignore_errors=True)
