"""Many at once on the same books: nothing is lost, nothing deadlocks, everything proves right."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from mall.db import Login, cursor, engine
from mall.errors import MallError
from points.ledger.book import Book
from points.ledger.queries import balance
from tests.points.ledger.desk import Desk

A = "mem_a"
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def desk(proven: Desk) -> Desk:
    """Whatever happened, the ledger has to prove right."""
    return proven


def at_once(works: list[Callable[[], Any]]) -> list[Any]:
    """Run all ``works`` in threads that start together; results or exceptions, in order."""
    gate = threading.Barrier(len(works))
    results: list[Any] = [None] * len(works)

    def run(index: int) -> None:
        gate.wait()
        try:
            results[index] = works[index]()
        except BaseException as error:
            results[index] = error

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def codes(results: list[Any]) -> list[str]:
    """The codes of refusals; anything else that was raised fails the test."""
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, MallError):
            raise result
    return [result.code for result in results if isinstance(result, MallError)]


def deadlocks(desk: Desk) -> int:
    """Deadlocks that PostgreSQL has broken up in this database."""

    def read(tx: Session) -> int:
        tx.execute(text("SELECT pg_stat_force_next_flush()"))
        tx.execute(text("SELECT pg_stat_clear_snapshot()"))
        found: int = tx.execute(
            text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        ).scalar_one()
        return found

    count: int = desk.run(Login.OWNER, read)
    return count


def test_credits_to_one_member_at_once_all_count(desk: Desk) -> None:
    def credit() -> None:
        for _ in range(10):
            desk.credit(A, 3)

    assert codes(at_once([credit] * 16)) == []
    assert desk.accounts(A) == {"issued": 480, "available": 480}
    assert [row.version for row in desk.rows(A).postings] == list(range(1, 161))


def test_of_many_holds_on_a_balance_for_one_just_one_wins(desk: Desk) -> None:
    desk.credit(A, 100)
    results = at_once([lambda number=number: desk.hold(A, 60, f"hold_{number}") for number in range(20)])
    assert codes(results) == ["insufficient_points"] * 19
    assert desk.accounts(A) == {"issued": 100, "available": 40, "held": 60}


def test_of_captures_and_releases_of_one_hold_just_one_wins(desk: Desk) -> None:
    desk.credit(A, 100)
    desk.hold(A, 60)
    verbs = ["capture", "release"] * 8
    results = at_once([lambda verb=verb: desk.on(A, lambda book: getattr(book, verb)("hold_1")) for verb in verbs])
    assert codes(results) == ["hold_exceeded"] * 15
    accounts = desk.accounts(A)
    assert accounts in ({"issued": 100, "available": 40, "redeemed": 60}, {"issued": 100, "available": 100})


def test_one_hold_id_at_once_is_taken_once(desk: Desk) -> None:
    desk.credit(A, 100)
    assert codes(at_once([lambda: desk.hold(A, 5)] * 8)) == ["hold_exists"] * 7
    assert desk.accounts(A) == {"issued": 100, "available": 95, "held": 5}


def test_what_is_due_is_posted_once(desk: Desk) -> None:
    desk.credit(A, 100, days=1)
    desk.credit_pending(A, 50, wait=1)
    desk.pass_time(days=2)
    assert codes(at_once([lambda: desk.on(A, lambda book: None)] * 8)) == []
    assert desk.accounts(A) == {"issued": 150, "available": 50, "expired": 100}


def test_a_new_member_is_opened_once_by_many(desk: Desk) -> None:
    assert codes(at_once([lambda: desk.credit("mem_new", 1)] * 16)) == []
    assert desk.accounts("mem_new") == {"issued": 16, "available": 16}


@pytest.mark.parametrize("opened", [True, False], ids=["opened_before", "opened_in_the_race"])
def test_overlapping_sets_of_members_in_opposite_orders_do_not_deadlock(desk: Desk, opened: bool) -> None:
    before = deadlocks(desk)
    member_ids = [f"mem_{number:02}" for number in range(12)]
    if opened:
        desk.on_all(member_ids, lambda books: None)
    expected = dict.fromkeys(member_ids, 0)
    works = []
    for number in range(12):
        order = random.Random(number)
        for member_id in (mine := order.sample(member_ids, 6)):
            expected[member_id] += 5
        batches = [mine[:3], mine[3:]] if number % 3 == 0 else [mine if number % 2 else mine[::-1]]

        def work(batches: list[list[str]] = batches) -> None:
            for batch in batches:
                desk.on_all(batch, lambda books: [credit_five(book) for book in books])

        works.append(work)

    def credit_five(book: Book) -> None:
        book.credit(5, expires_at=desk.now + timedelta(days=9), occurred_at=desk.now)

    assert codes(at_once(works)) == []
    stored = {member_id: desk.accounts(member_id).get("available", 0) for member_id in member_ids}
    assert stored == expected
    assert deadlocks(desk) == before


def test_holders_of_some_wallets_never_wait_for_one_that_is_being_opened(desk: Desk) -> None:
    """One opens B and then needs C; another holds C and needs B: a circle, were the locks not taken in order."""
    desk.on_all(["mem_c"], lambda books: None)
    before = deadlocks(desk)
    for number in range(15):
        pair = [f"mem_b{number:02}", "mem_c"]
        works = [lambda pair=pair: desk.on_all(pair, lambda books: None) for _ in range(8)]
        assert codes(at_once(works)) == []
    assert deadlocks(desk) == before


def test_a_balance_read_beside_writes_is_always_of_one_moment(desk: Desk) -> None:
    desk.credit(A, 10, days=1)
    desk.pass_time(days=2)
    for number in range(5):
        desk.credit(f"{A}_{number}", 10, days=1)
    stop = threading.Event()

    def write() -> None:
        try:
            for number in range(40):
                desk.credit(A, 7, days=1 if number % 2 else -1)
                desk.on(
                    A, lambda book, number=number: book.hold(7, hold_id=f"hold_{number}") if book.open_lots() else None
                )
        finally:
            stop.set()

    def read() -> int:
        reads = 0
        while not stop.is_set():
            shown = desk.run(Login.REDEMPTION, lambda tx: balance(tx, A, desk.now))
            assert sum(points for points, _ in shown.expiring) == shown.available
            reads += 1
        return reads

    results = at_once([write, read, read])
    assert codes(results) == []
    assert all(reads > 0 for reads in results[1:])


def test_two_processes_on_the_same_members_lose_nothing(desk: Desk) -> None:
    before = deadlocks(desk)
    member_ids = [f"mem_{number:02}" for number in range(6)]
    tasks = [
        {
            "url": engine(Login.EARNING).url.render_as_string(hide_password=False),
            "member_ids": member_ids,
            "name": name,
            "threads": 4,
            "rounds": 10,
        }
        for name in ("one", "two")
    ]
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.points.ledger.race_worker", json.dumps(task)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for task in tasks
    ]
    outputs = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    counts = [count for out, _ in outputs for count in json.loads(out)]
    assert counts == [{"rounds": 10}] * 8

    def totals(tx: Session) -> tuple[int, ...]:
        row = (
            cursor(tx)
            .execute(
                "SELECT sum(issued)::int, sum(available)::int, sum(held)::int, sum(redeemed)::int FROM ledger.wallets"
            )
            .fetchone()
        )
        assert row is not None
        return row

    assert desk.run(Login.EARNING, totals) == (80 * 6 * 3, 80 * 6 * 3 - 80 * 2, 80, 80)
    assert deadlocks(desk) == before
