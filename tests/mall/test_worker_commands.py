"""``flask jobs`` and ``flask worker`` as an operator calls them, on stores of their own."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from mall.embedded import EmbeddedStores
from mall.settings import Settings
from tests.mall.server import ROOT, environment, flask, kill_9, postgres_of, redis_of, until

pytestmark = pytest.mark.crash


@pytest.fixture(scope="module")
def var() -> Iterator[Path]:
    """A migrated installation whose stores run; this module is a user of them."""
    folder = Path(tempfile.mkdtemp(prefix="mall-work-"))
    stores = EmbeddedStores(Settings(secret_key="s" * 32, var=folder / "var"))
    stores.ensure()
    done = flask(folder / "var", "ledger", "verify")  # any command sets a new database up
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "ledger ok"), done.stderr
    yield folder / "var"
    stores.ensure()  # a failed test may have left them dead
    stores.stop()
    assert (postgres_of(folder / "var"), redis_of(folder / "var")) == ([], [])
    shutil.rmtree(folder, ignore_errors=True)


def ask(var: Path, statement: str) -> list[tuple]:
    """What a statement gives the database's owner."""
    with psycopg.connect(host=str(var / "run"), user="mall", dbname="mall") as connection:
        done = connection.execute(statement)
        return done.fetchall() if done.description else []


def put(var: Path, count: int) -> None:
    """Messages nobody listens to: handled at once."""
    ask(
        var,
        f"""INSERT INTO outbox_messages (topic, payload, created_at, available_at, attempts)
        SELECT 'nobody.listens', '{{}}', now(), now(), 0 FROM generate_series(1, {count})""",
    )


def test_a_job_is_run_by_name_and_an_unknown_one_is_refused_with_the_names_there_are(var: Path) -> None:
    done = flask(var, "jobs", "run", "forget-old")
    assert (done.returncode, done.stdout) == (0, "forget-old: idempotency_keys 0, outbox_messages 0\n")
    assert ask(var, "SELECT last_error, last_success_at IS NOT NULL FROM job_runs WHERE name = 'forget-old'") == [
        (None, True)
    ]
    unknown = flask(var, "jobs", "run", "forget-everything")
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert len(unknown.stderr.splitlines()) == 1
    assert unknown.stderr.startswith("Error: No job 'forget-everything'. There are: ")
    assert "forget-old" in unknown.stderr
    assert ask(var, "SELECT count(*) FROM job_runs WHERE name = 'forget-everything'") == [(0,)]


def test_a_command_before_the_upgrade_says_so_in_one_line_and_touches_nothing(var: Path) -> None:
    [(head,)] = ask(var, "SELECT version_num FROM alembic_version")
    ask(var, "UPDATE alembic_version SET version_num = '0001'")
    try:
        done = flask(var, "client", "create", "tips", "--scope", "credits:write")
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == (
            "Error: The database is not set up for this version of the mall. Run: flask --app wsgi db upgrade\n"
        )
        assert ask(var, "SELECT count(*) FROM api_clients") == [(0,)]
    finally:
        ask(var, f"UPDATE alembic_version SET version_num = '{head}'")


def test_a_job_that_runs_elsewhere_is_not_run_beside_it(var: Path) -> None:
    with psycopg.connect(host=str(var / "run"), user="mall", dbname="mall", autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(hashtext('forget-old'), 7320)")
        done = flask(var, "jobs", "run", "forget-old")
        assert (done.returncode, done.stderr) == (1, "Error: forget-old is running elsewhere.\n")
    assert flask(var, "jobs", "run", "forget-old").returncode == 0


def test_a_worker_told_once_does_all_that_is_due_however_much_and_ends(var: Path) -> None:
    put(var, 120)  # more than one round of 50
    ask(
        var,
        """INSERT INTO outbox_messages (topic, payload, created_at, available_at, attempts)
        VALUES ('nobody.listens', '{}', now(), now() + interval '1 hour', 0)""",
    )
    done = flask(var, "worker", "--once")
    assert done.returncode == 0, done.stderr
    assert ask(var, "SELECT count(*), max(attempts) FROM outbox_messages WHERE done_at IS NOT NULL") == [(120, 1)]
    assert ask(var, "SELECT count(*) FROM outbox_messages WHERE done_at IS NULL") == [(1,)]
    ask(var, "DELETE FROM outbox_messages")


def test_two_workers_and_a_killed_database_between_them_handle_each_message_once(var: Path) -> None:
    said = (var.parent / "worker.log").open("ab")
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "worker"]
    workers = [subprocess.Popen(command, cwd=ROOT, env=environment(var), stdout=said, stderr=said) for _ in range(2)]
    said.close()
    try:
        put(var, 40)
        until(lambda: ask(var, "SELECT count(*) FROM outbox_messages WHERE done_at IS NULL") == [(0,)], "handled")
        kill_9(postgres_of(var))
        until(lambda: not postgres_of(var), "PostgreSQL dead")
        again = EmbeddedStores(Settings(secret_key="s" * 32, var=var))
        again.ensure()
        assert again.started == ["PostgreSQL"]
        put(var, 40)
        until(lambda: ask(var, "SELECT count(*) FROM outbox_messages WHERE done_at IS NULL") == [(0,)], "handled again")
        assert ask(var, "SELECT count(*), min(attempts), max(attempts) FROM outbox_messages") == [(80, 1, 1)]
        assert [worker.poll() for worker in workers] == [None, None]
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
        assert [worker.wait(30) for worker in workers] == [0, 0]
        again.stop()
        assert postgres_of(var), "the module still uses them"
    finally:
        for worker in workers:
            if worker.poll() is None:
                psutil.Process(worker.pid).kill()
                worker.wait()
