"""The outbox: every message has its effect in the database exactly once, however often it is tried."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from mall import clock, outbox
from mall.db import Login
from mall.outbox import MAX_ATTEMPTS, OutboxMessage, backlog, deliver_due, forget_done, publish
from mall.settings import Settings
from tests.mall.server import environment, until

ROOT = Path(__file__).resolve().parents[2]
Run = Callable[[Login, Callable[[Session], Any]], Any]


@pytest.fixture
def handlers(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[outbox.Handler]]:
    """The register of handlers, empty for this test."""
    empty: dict[str, list[outbox.Handler]] = {}
    monkeypatch.setattr(outbox, "_handlers", empty)
    return empty


def leave_mark(tx: Session, payload: dict[str, Any], now: datetime) -> None:
    """An effect that can be counted: a job run of the payload's name with a summary that counts."""
    tx.execute(
        text(
            "INSERT INTO job_runs (name, summary) VALUES (:name, '1') "
            "ON CONFLICT (name) DO UPDATE SET summary = to_jsonb(job_runs.summary::int + 1)"
        ),
        {"name": f"mark-{payload['n']}"},
    )


def marks(run: Run) -> dict[str, int]:
    """The effects there are: how often each message had its own."""
    found = "SELECT name, summary::int FROM job_runs WHERE name LIKE 'mark-%'"
    return dict(run(Login.OWNER, lambda tx: [tuple(row) for row in tx.execute(text(found))]))


def message(run: Run) -> OutboxMessage:
    """The one message there is."""
    found: OutboxMessage = run(Login.OWNER, lambda tx: tx.scalars(select(OutboxMessage)).one())
    return found


def put(run: Run, topic: str, now: datetime, count: int = 1) -> None:
    """Publish ``count`` messages in one transaction."""
    run(Login.EARNING, lambda tx: [publish(tx, topic, {"n": n}, now) for n in range(count)])


@pytest.mark.parametrize("login", [Login.EARNING, Login.REDEMPTION, Login.BACKOFFICE])
def test_every_login_of_the_app_may_publish(run: Run, now: datetime, login: Login) -> None:
    run(login, lambda tx: publish(tx, "thing.happened", {"n": 0}, now))
    assert (message(run).topic, message(run).payload, message(run).attempts) == ("thing.happened", {"n": 0}, 0)


def test_a_message_is_written_with_its_transaction_or_not_at_all(run: Run, now: datetime) -> None:
    def fail(tx: Session) -> None:
        publish(tx, "thing.happened", {"n": 0}, now)
        tx.flush()
        raise ValueError("too bad")

    with pytest.raises(ValueError, match="too bad"):
        run(Login.EARNING, fail)
    assert run(Login.BACKOFFICE, backlog) == 0
    put(run, "thing.happened", now)
    assert run(Login.BACKOFFICE, backlog) == 1


def test_a_message_is_handled_once_by_each_of_its_handlers(
    run: Run, now: datetime, handlers: dict[str, list[outbox.Handler]]
) -> None:
    handlers["thing.happened"] = [leave_mark, leave_mark]
    put(run, "thing.happened", now)
    assert deliver_due(now) == 1
    assert deliver_due(now) == 0
    assert marks(run) == {"mark-0": 2}
    assert (message(run).attempts, message(run).done_at, message(run).last_error) == (1, now, None)


def test_many_workers_at_once_handle_each_message_once(
    app: Flask, run: Run, now: datetime, handlers: dict[str, list[outbox.Handler]]
) -> None:
    handlers["thing.happened"] = [leave_mark]
    put(run, "thing.happened", now, count=60)
    tried: list[int] = []

    def work() -> None:
        with app.app_context():
            tried.append(deliver_due(now))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(tried) == 60
    assert marks(run) == {f"mark-{n}": 1 for n in range(60)}


def test_a_handler_that_fails_leaves_no_effect_and_is_tried_again_later(
    run: Run, now: datetime, handlers: dict[str, list[outbox.Handler]]
) -> None:
    broken = [True]

    def fragile(tx: Session, payload: dict[str, Any], moment: datetime) -> None:
        leave_mark(tx, payload, moment)
        if broken:
            raise RuntimeError("not today")

    handlers["thing.happened"] = [fragile]
    put(run, "thing.happened", now)
    assert deliver_due(now) == 1
    assert marks(run) == {}
    assert (message(run).attempts, message(run).last_error) == (1, "RuntimeError: not today")
    assert deliver_due(now + timedelta(seconds=4)) == 0
    assert deliver_due(now + timedelta(seconds=5)) == 1
    assert message(run).available_at == now + timedelta(seconds=5 + 10)
    broken.clear()
    assert deliver_due(now + timedelta(seconds=15)) == 1
    assert marks(run) == {"mark-0": 1}
    assert (message(run).attempts, message(run).done_at) == (3, now + timedelta(seconds=15))


def test_a_message_nobody_can_handle_is_given_up_and_does_not_hold_up_others(
    run: Run, now: datetime, handlers: dict[str, list[outbox.Handler]]
) -> None:
    def refuse(tx: Session, payload: dict[str, Any], moment: datetime) -> None:
        raise RuntimeError("never")

    handlers.update({"bad": [refuse], "good": [leave_mark]})
    put(run, "bad", now)
    moment = now
    for _ in range(MAX_ATTEMPTS):
        assert deliver_due(moment) == 1
        moment += timedelta(hours=6)
    assert message(run).failed_at == moment - timedelta(hours=6)
    put(run, "good", moment)
    assert deliver_due(moment) == 1
    assert marks(run) == {"mark-0": 1}
    assert run(Login.BACKOFFICE, backlog) == 0


def test_messages_of_several_topics_are_handled_together_in_their_order(
    run: Run, now: datetime, handlers: dict[str, list[outbox.Handler]], monkeypatch: pytest.MonkeyPatch
) -> None:
    groups: list[list[tuple[str, int]]] = []

    def handle(tx: Session, messages: Sequence[outbox.Message], moment: datetime) -> None:
        groups.append([(message.topic, message.payload["n"]) for message in messages])

    for topic in ("thing.made", "thing.sent"):
        monkeypatch.setitem(outbox._group_handlers, topic, [handle])
    handlers["thing.seen"] = [leave_mark]
    for topic in ("thing.made", "thing.sent", "thing.seen", "thing.made"):
        put(run, topic, now)
    assert deliver_due(now) == 4
    assert groups == [[("thing.made", 0), ("thing.sent", 0), ("thing.made", 0)]]
    assert marks(run) == {"mark-0": 1}
    assert run(Login.BACKOFFICE, backlog) == 0


def test_one_that_fails_holds_up_no_other_that_was_due_with_it(
    run: Run, now: datetime, handlers: dict[str, list[outbox.Handler]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(tx: Session, payload: dict[str, Any], moment: datetime) -> None:
        leave_mark(tx, {"n": 99}, moment)
        raise RuntimeError("never")

    def count(tx: Session, messages: Sequence[outbox.Message], moment: datetime) -> None:
        for message in messages:
            leave_mark(tx, message.payload, moment)

    handlers["bad"] = [refuse]
    monkeypatch.setitem(outbox._group_handlers, "good", [count])
    put(run, "good", now, count=3)
    put(run, "bad", now)
    assert deliver_due(now) == 4
    assert marks(run) == {"mark-0": 1, "mark-1": 1, "mark-2": 1}
    left = run(Login.OWNER, lambda tx: tx.scalars(select(OutboxMessage).where(OutboxMessage.done_at.is_(None))).one())
    assert (left.topic, left.attempts, left.last_error) == ("bad", 1, "RuntimeError: never")


def test_a_lost_race_is_not_the_messages_fault(
    run: Run, now: datetime, handlers: dict[str, list[outbox.Handler]]
) -> None:
    races = [psycopg.errors.DeadlockDetected(), psycopg.errors.SerializationFailure()]

    def unlucky(tx: Session, payload: dict[str, Any], moment: datetime) -> None:
        leave_mark(tx, payload, moment)
        if races:
            raise races.pop()

    handlers["thing.happened"] = [unlucky]
    put(run, "thing.happened", now)
    assert deliver_due(now) == 1
    assert marks(run) == {"mark-0": 1}
    assert (message(run).attempts, message(run).last_error) == (1, None)


def test_what_is_noted_of_a_failure_names_no_values(
    run: Run, now: datetime, handlers: dict[str, list[outbox.Handler]]
) -> None:
    def clash(tx: Session, payload: dict[str, Any], moment: datetime) -> None:
        for _ in range(2):
            tx.execute(text("INSERT INTO job_runs (name) VALUES (:name)"), {"name": "li.hua@example.com"})

    handlers["thing.happened"] = [clash]
    put(run, "thing.happened", now)
    deliver_due(now)
    assert message(run).last_error == "UniqueViolation 23505 pk_job_runs"


def test_handled_messages_are_forgotten_others_are_kept(
    run: Run, now: datetime, handlers: dict[str, list[outbox.Handler]]
) -> None:
    put(run, "thing.happened", now, count=2)
    deliver_due(now)
    put(run, "thing.happened", now)
    assert run(Login.BACKOFFICE, lambda tx: forget_done(tx, now)) == 0
    assert run(Login.BACKOFFICE, lambda tx: forget_done(tx, now + timedelta(seconds=1))) == 2
    assert run(Login.BACKOFFICE, backlog) == 1


KILLED = """
import sys, time
from mall import clock, outbox
from tests.mall.test_outbox import leave_mark
from wsgi import app

def slow(tx, payload, now):
    leave_mark(tx, payload, now)
    print("effect", flush=True)
    time.sleep(600)

with app.app_context():
    outbox.handler("thing.happened")(slow)
    outbox.deliver_due(clock.now())
"""


@pytest.mark.crash
def test_a_worker_killed_in_the_middle_leaves_the_message_to_the_next(
    app: Flask, run: Run, handlers: dict[str, list[outbox.Handler]]
) -> None:
    settings: Settings = app.extensions["settings"]
    more = {"DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url}
    put(run, "thing.happened", clock.now())
    worker = subprocess.Popen(
        [sys.executable, "-c", KILLED], cwd=ROOT, stdout=subprocess.PIPE, text=True,
        env=environment(
            settings.var, SECRET_KEY=settings.secret_key, **{name: value for name, value in more.items() if value}
        ),
    )  # fmt: skip
    assert worker.stdout is not None
    assert worker.stdout.readline() == "effect\n"
    handlers["thing.happened"] = [leave_mark]
    assert deliver_due(clock.now()) == 0  # it is being handled
    worker.kill()
    worker.wait()
    worker.stdout.close()
    until(lambda: deliver_due(clock.now()) == 1, "the message free again")
    assert marks(run) == {"mark-0": 1}
    assert message(run).attempts == 1
