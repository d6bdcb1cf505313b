"""Processes that come and go at once share one set of stores, and the last one out stops it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.mall.server import ROOT, environment, flask, postgres_of, redis_of

pytestmark = pytest.mark.crash

USER = """
import sys
from pathlib import Path
import psycopg
from mall.embedded import EmbeddedStores
from mall.settings import Settings
stores = EmbeddedStores(Settings(secret_key="s" * 32, var=Path(sys.argv[1])))
print("here", flush=True)
sys.stdin.readline()
urls = stores.ensure()
with psycopg.connect(urls.database_url) as connection:
    print(len(stores.started), connection.execute("SELECT system_identifier FROM pg_control_system()").fetchone()[0],
          flush=True)
sys.stdin.readline()
stores.stop()
"""


def test_processes_that_start_the_stores_at_once_share_them_and_the_last_one_stops_them() -> None:
    folder = Path(tempfile.mkdtemp(prefix="mall race "))
    var = folder / "var"
    users = [
        subprocess.Popen(
            [sys.executable, "-c", USER, str(var)], cwd=ROOT, env=environment(var), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        for _ in range(4)
    ]  # fmt: skip
    try:
        for user in users:
            assert user.stdout is not None
            assert user.stdout.readline() == "here\n"
        tell(users)
        said = [(user.stdout.readline().split() if user.stdout else []) for user in users]
        assert sorted(started for started, _cluster in said) == ["0", "0", "0", "2"]
        assert len({cluster for _started, cluster in said}) == 1
        tell(users[:3])
        assert [user.wait(60) for user in users[:3]] == [0, 0, 0]
        assert postgres_of(var)
        assert redis_of(var)
        joined = flask(var, "jobs", "list")  # a command joins and leaves them running
        assert joined.returncode == 0, joined.stderr
        assert postgres_of(var)
        tell(users[3:])
        assert users[3].wait(60) == 0
        assert (postgres_of(var), redis_of(var)) == ([], [])
    finally:
        for user in users:
            if user.poll() is None:
                user.kill()
            user.communicate()
        shutil.rmtree(folder, ignore_errors=True)


def tell(users: list[subprocess.Popen[str]]) -> None:
    """Let them go on."""
    for user in users:
        assert user.stdin is not None
        user.stdin.write("go\n")
        user.stdin.flush()
