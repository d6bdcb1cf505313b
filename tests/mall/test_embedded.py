"""The embedded stores: started once, shared, stopped by the last user, whole again after ``kill -9``."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from mall.embedded import EmbeddedStores, StoresError
from mall.settings import Settings
from mall.store_folders import LONGEST_SOCKET_NAME, SOCKET_PATH_LIMIT, make_own, socket_folder
from tests.mall.server import kill_9, postgres_of, redis_of, until


@pytest.fixture(scope="module")
def var() -> Iterator[Path]:
    """A folder whose path is short enough for sockets, with a space in it; each test leaves it without servers."""
    folder = Path(tempfile.mkdtemp(prefix="mall stores "))
    yield folder / "var"
    shutil.rmtree(folder, ignore_errors=True)


def stores_of(var: Path) -> EmbeddedStores:
    """One user of the stores under ``var``."""
    return EmbeddedStores(Settings(secret_key="s" * 32, var=var))


def rows(url: str, statement: str) -> list[tuple]:
    """What a statement gives, each in a connection of its own."""
    with psycopg.connect(url) as connection:
        done = connection.execute(statement)
        return done.fetchall() if done.description else []


def test_a_user_alone_starts_the_stores_and_stops_them(var: Path) -> None:
    stores = stores_of(var)
    urls = stores.ensure()
    try:
        assert stores.started == ["PostgreSQL", "Redis"]
        assert rows(urls.database_url, "SELECT current_database(), current_setting('server_encoding')") == [
            ("mall", "UTF8")
        ]
        assert rows(urls.database_url, "SHOW fsync") == [("on",)]
        assert rows(urls.database_url, "SHOW synchronous_commit") == [("on",)]
        assert rows(urls.database_url, "SHOW listen_addresses") == [("",)]
        with redis.Redis.from_url(urls.redis_url) as connection:
            assert connection.ping()
    finally:
        stores.stop()
    assert (postgres_of(var), redis_of(var)) == ([], [])


def test_the_last_user_stops_the_stores_whoever_started_them(var: Path) -> None:
    first, second = stores_of(var), stores_of(var)
    urls = first.ensure()
    try:
        assert second.ensure() == urls
        assert second.started == []
        first.stop()
        assert rows(urls.database_url, "SELECT 1") == [(1,)]
    finally:
        first.stop()
        second.stop()
    assert (postgres_of(var), redis_of(var)) == ([], [])


def test_what_was_committed_survives_kill_9_of_both_stores(var: Path) -> None:
    stores = stores_of(var)
    urls = stores.ensure()
    try:
        rows(urls.database_url, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
        kill_9((*postgres_of(var), *redis_of(var)))
        until(lambda: not postgres_of(var) and not redis_of(var), "stores dead")
        assert (var / "postgres" / "postmaster.pid").exists()
        assert stores.ensure() == urls
        assert stores.started == ["PostgreSQL", "Redis"] * 2
        assert rows(urls.database_url, "SELECT count(*), sum(n) FROM kept") == [(1000, 500500)]
    finally:
        stores.stop()
    assert (postgres_of(var), redis_of(var)) == ([], [])


@pytest.mark.parametrize("name", ["x" * 120, "it's", 'a"b', "a,b", "a\\b"])
def test_a_path_no_socket_can_have_gets_a_folder_in_the_temp_folder(name: str) -> None:
    folder = socket_folder(Path("/srv") / name)
    assert folder.parent == Path(tempfile.gettempdir())
    assert folder == socket_folder(Path("/srv") / name) != socket_folder(Path("/srv/other") / name)
    assert len(os.fsencode(folder)) + len(LONGEST_SOCKET_NAME) <= SOCKET_PATH_LIMIT


def test_sockets_live_beside_the_data_where_they_can() -> None:
    assert socket_folder(Path("/srv/the mall/var+%41")) == Path("/srv/the mall/var+%41/run")


def test_an_odd_path_and_a_cluster_half_made_by_a_start_that_was_killed_do_not_matter() -> None:
    with tempfile.TemporaryDirectory(prefix="mall a+b%41&c #") as folder:
        var = Path(folder) / "it's"
        (var / "postgres" / "new" / "base").mkdir(parents=True)
        (var / "postgres" / "base").mkdir()
        (var / "postgres" / "base" / "rest").write_text("half")
        stores = stores_of(var)
        urls = stores.ensure()
        try:
            assert rows(urls.database_url, "SELECT 1") == [(1,)]
            with redis.Redis.from_url(urls.redis_url) as connection:
                assert connection.ping()
        finally:
            stores.stop()
            shutil.rmtree(socket_folder(var), ignore_errors=True)


def test_a_link_where_the_sockets_belong_is_refused_and_what_it_leads_to_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir(mode=0o755)
    (tmp_path / "run").symlink_to(target)
    with pytest.raises(StoresError, match="belongs to somebody else"):
        make_own(tmp_path / "run")
    assert target.stat().st_mode & 0o777 == 0o755


def test_a_folder_that_cannot_be_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoresError) as refused:
        stores_of(tmp_path / "file" / "var").ensure()
    assert "cannot be used" in refused.value.message
    assert "\n" not in refused.value.message


def test_stores_given_by_the_settings_are_left_to_their_owner(tmp_path: Path) -> None:
    given = Settings(secret_key="s" * 32, var=tmp_path / "var", database_url="postgresql://a/b", redis_url="redis://c")
    stores = EmbeddedStores(given)
    urls = stores.ensure()
    stores.stop()
    assert (urls.database_url, urls.redis_url) == ("postgresql://a/b", "redis://c")
    assert not (tmp_path / "var").exists()


TOLD_AT_A_BAD_MOMENT = """
import signal, sys, weakref
from pathlib import Path
from mall.embedded import EmbeddedStores
from mall.serve import Supervisor
from mall.settings import Settings

class Thing: pass

settings = Settings(secret_key="s" * 32, var=Path(sys.argv[1]))
stores = EmbeddedStores(settings)
start = stores._postgres.ensure

def pressed_meanwhile():
    signal.raise_signal(signal.SIGINT) if sys.argv[2] == "SIGINT" else None
    return start()

stores._postgres.ensure = pressed_meanwhile
try:
    stores.ensure()
except KeyboardInterrupt:
    stores._postgres.ensure = start
    print("left once all was started:", stores.started)
thing = Thing()
watched = weakref.ref(thing, lambda _gone: signal.raise_signal(signal.SIGTERM))
del thing  # the exception of the signal is swallowed by the callback that it met
print("goes on")
Supervisor(settings, stores, before=[["no", "such", "command"]]).run()
print("has ended")
"""


@pytest.mark.parametrize("meanwhile", ["SIGINT", "nothing"])
def test_a_server_told_to_end_while_it_starts_ends_and_takes_its_stores_along(var: Path, meanwhile: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", TOLD_AT_A_BAD_MOMENT, str(var), meanwhile], capture_output=True, text=True, timeout=120
    )
    started = ["left once all was started: ['PostgreSQL', 'Redis']"] if meanwhile == "SIGINT" else []
    assert done.stdout.splitlines() == [*started, "goes on", "has ended"], done.stderr
    assert "Exception ignored" in done.stderr
    assert (postgres_of(var), redis_of(var)) == ([], [])
