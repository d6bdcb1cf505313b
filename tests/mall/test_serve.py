"""``flask serve`` as an operator meets it: real processes, real signals."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest

from tests.mall.server import Server, flask, kill_9, postgres_of, redis_of, until

pytestmark = [pytest.mark.crash, pytest.mark.long]


@pytest.fixture(scope="module")
def var() -> Iterator[Path]:
    """The folder of one installation that all tests here start and stop."""
    folder = Path(tempfile.mkdtemp(prefix="mall-serve-"))
    yield folder / "var"
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def running() -> Iterator[list[Server]]:
    """The server that the last test left running, if it did."""
    servers: list[Server] = []
    yield servers
    for server in servers:
        family = server.family()
        server.end()
        kill_9(family)  # what a failed test left


@pytest.fixture
def server(var: Path, running: list[Server]) -> Server:
    """The installation, serving: as the test before left it, or started."""
    if not running or running[-1].process.poll() is not None:
        running.append(Server.start(var))
    until(lambda: running[-1].ready() == 200, "ready")  # a test that failed may have left it starting
    return running[-1]


def owner(var: Path, **more: bool) -> psycopg.Connection:
    """The database as its owner."""
    return psycopg.connect(host=str(var / "run"), user="mall", dbname="mall", **more)


def test_a_second_server_and_a_taken_port_are_refused_in_one_line_and_commands_join(server: Server) -> None:
    second = flask(server.var, "serve")
    assert (second.returncode, second.stdout) == (1, "")
    assert second.stderr.splitlines() == [
        f"Error: A server is running on {server.var} already. Another folder: MALL_VAR=…"
    ]
    taken = flask(server.var.with_name("other"), "serve", "--port", str(server.port))
    assert taken.returncode == 1
    assert taken.stderr.splitlines() == [f"Error: Port {server.port} is taken. Choose another: PORT=8001 make run"]
    assert not (server.var.with_name("other") / "postgres" / "postmaster.pid").exists()
    command = flask(server.var, "jobs", "run", "forget-old")
    assert (command.returncode, command.stdout) == (0, "forget-old: idempotency_keys 0, outbox_messages 0\n")
    assert server.ready() == 200


def test_figures_are_counted_over_all_worker_processes(server: Server) -> None:
    for _ in range(40):
        assert httpx.get(server.url("/livez")).status_code == 200
    assert httpx.request("BREW", server.url("/no-such-page")).status_code == 404
    lines = httpx.get(server.url("/metrics")).text.splitlines()
    assert 'mall_http_requests_total{method="GET",route="/livez",status="200"} 40.0' in lines
    assert 'mall_http_requests_total{method="other",route="none",status="404"} 1.0' in lines
    assert {"mall_database_up 1.0", "mall_outbox_backlog 0.0"} <= set(lines)
    assert httpx.get(server.url("/metrics"), headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 403


def test_what_is_killed_below_the_server_comes_back(server: Server) -> None:
    old = server.family()
    kill_9([server.child("mall.http_server"), server.child("worker")])
    until(lambda: not [one for one in old if one.is_running()], "nothing left of the killed server")
    until(lambda: len(server.family()) == 4 and server.ready() == 200, "children started again")
    new = server.child("mall.http_server")
    # Threads to answer with are there once the app is loaded; one that is loading it cannot do without its database.
    until(lambda: all(one.num_threads() > 3 for one in new.children()), "every worker serves")
    kill_9((*postgres_of(server.var), *redis_of(server.var)))
    until(lambda: not postgres_of(server.var), "PostgreSQL dead")
    family = {process.pid for process in server.family()}
    until(lambda: server.ready() == 200 and redis_of(server.var), "stores started again")
    assert {process.pid for process in server.family()} == family
    until(lambda: flask(server.var, "jobs", "run", "forget-old").returncode == 0, "jobs run again")


def test_sigterm_says_not_ready_first_and_lets_a_request_finish(server: Server) -> None:
    answers: list[httpx.Response] = []
    body = {"username": "nobody-here", "password": "a long enough phrase"}

    def sign_in() -> None:
        answers.append(httpx.post(server.url("/api/v1/sessions"), json=body, timeout=30))

    with owner(server.var) as lock:
        lock.execute("LOCK TABLE login_attempts IN ACCESS EXCLUSIVE MODE")
        request = threading.Thread(target=sign_in)
        request.start()
        with owner(server.var, autocommit=True) as watch:
            waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            until(lambda: watch.execute(waiting).fetchone() == (1,), "request waiting")
        os.kill(server.process.pid, signal.SIGTERM)
        until(lambda: server.ready() == 503, "not ready")
        assert httpx.get(server.url("/livez")).status_code == 200
        until(lambda: server.ready() == 0, "not listening")
        assert request.is_alive()
        assert server.process.poll() is None
    request.join(30)
    assert [answer.status_code for answer in answers] == [401]
    assert server.process.wait(30) == 0
    assert (postgres_of(server.var), redis_of(server.var)) == ([], [])
    assert not (server.var / "draining").exists()


@pytest.mark.parametrize("worker_too", [False, True])
def test_kill_9_of_the_server_takes_everything_along(server: Server, worker_too: bool) -> None:
    family = server.family()
    assert len(family) == 4  # granian with two workers, and the background worker
    if worker_too:  # then the workers of the HTTP server are the last who can stop the stores
        server.child("worker").kill()
    server.process.kill()
    server.process.wait()
    _gone, alive = psutil.wait_procs(family, timeout=20)
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []
    until(lambda: not postgres_of(server.var) and not redis_of(server.var), "stores stopped by the last child")
