"""Random lives of a few books in a real database, beside a plain model written from the design."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from sqlalchemy import text
from sqlalchemy.orm import Session

from mall.crypto import Keyring
from mall.db import Login, cursor, engine
from mall.errors import MallError
from points.ledger.accounts import Account, net_change
from points.ledger.books import open_books
from points.ledger.merge import merge_books
from points.ledger.proof import BookRows, check_book
from points.ledger.queries import balance, peek, statement
from points.ledger.seals import KEY_PURPOSE, read_file, seal_heads
from points.ledger.states import SealedHead, WalletState
from points.ledger.sweep import WALLETS_PER_SWEEP, sweep_due
from points.ledger.verify import verify_ledger
from tests.points.ledger.desk import read_rows
from tests.points.ledger.model import ModelBook, Refused

START = datetime(2026, 3, 1, 8, tzinfo=UTC)
STEPS = 50
MEMBERS = 3
HOUR = timedelta(hours=1)
KEY = Keyring("state-machine-0123456789abcdef").signing_key(KEY_PURPOSE)

members = st.sampled_from((0, 0, 0, 1, 1, 2))
amounts = st.integers(1, 60)
parts = st.none() | st.integers(1, 40)
awards = st.sampled_from((None, "awd_a", "awd_b", "awd_c"))
lives = st.sampled_from((240, 24, 48, 1, 2160, 0, 240, 24, 48)).map(lambda hours: hours * HOUR)
hold_lives = st.sampled_from((24 * HOUR, None, HOUR, 100 * HOUR))
waits = st.sampled_from((HOUR, 24 * HOUR, 72 * HOUR, 480 * HOUR))
any_hold = st.integers(0, 1000)


class LedgerMachine(RuleBasedStateMachine):
    """Each example has members of its own and is one transaction; all share one connection."""

    tx: Session
    folder: Path
    numbers = count()

    def __init__(self) -> None:
        super().__init__()
        number = next(self.numbers)
        self.seals = self.folder / f"{number:06}.jsonl"
        self.ids = [f"mem_{number:06}_{index}" for index in range(MEMBERS)]
        self.now = START
        self.models = [ModelBook(self.now) for _ in self.ids]
        self.rows = [BookRows(WalletState(member_id), [], [], [], []) for member_id in self.ids]
        self.holds: list[tuple[int, str]] = []

    def teardown(self) -> None:
        self.tx.commit()

    # -- comparing

    def both(
        self, touched: tuple[int, ...], on_books: Callable[..., Any], on_models: Callable[..., Any]
    ) -> tuple[Any, str | None]:
        """Do the same to ledger and model, compare outcome or refusal, then everything."""
        models = [self.models[index] for index in touched]
        outcome = expected = refusal = None
        try:
            expected = on_models(*models)
        except Refused as refused:
            refusal = str(refused)
        try:
            with open_books(self.tx, [self.ids[index] for index in touched], self.now) as books:
                outcome = on_books(*(books[self.ids[index]] for index in touched))
        except MallError as error:
            assert error.code == refusal
        else:
            assert refusal is None
        for index in touched:
            self.compare_rows(index)
            self.compare_reading(index, unposted=refusal is not None)
        return (outcome, expected), refusal

    def compare_rows(self, index: int) -> None:
        """What is stored proves right."""
        self.rows[index] = read_rows(cursor(self.tx), self.ids[index])
        check_book(self.rows[index], None)

    def compare_reading(self, index: int, *, unposted: bool = True) -> None:
        """What is read, be it due and not yet posted, is what the model says."""
        member_id, model, rows = self.ids[index], self.models[index], self.rows[index]
        wallet, lots, still_to_post = rows.wallet, rows.lots, 0
        if unposted:
            book = peek(self.tx, member_id, self.now)
            wallet, lots = book.wallet, book.open_lots() + book.pending_lots()
            still_to_post = sum(net_change(row.debit, row.credit, row.points) for row in book.postings)
        figures = model.accounts()
        assert {account.value: getattr(wallet, account.value) for account in Account} == figures
        assert figures["issued"] + figures["debt"] == sum(figures.values()) - figures["issued"] - figures["debt"]
        assert [
            (lot.remaining, lot.expires_at, lot.award_id, lot.pending, lot.available_at if lot.pending else None)
            for lot in sorted(lots, key=lambda lot: (lot.expires_at, lot.version))
            if lot.remaining
        ] == [
            (lot.left, lot.expires_at, lot.award_id, lot.waits, lot.matures_at if lot.waits else None)
            for lot in sorted(model.lots, key=lambda lot: lot.turn)
            if lot.left
        ]
        shown = balance(self.tx, member_id, self.now)
        assert (shown.available, shown.pending, shown.held, shown.debt) == (
            figures["available"], figures["pending"], figures["held"], figures["debt"],
        )  # fmt: skip
        assert shown.expiring == model.expiring()[:12]
        lines = sum(line.points for line in statement(self.tx, member_id, limit=10_000))
        assert lines + still_to_post == figures["available"] - figures["debt"]

    # -- what members, staff and sources do

    @rule(member=members, points=amounts, life=lives, award_id=awards)
    def credit(self, member: int, points: int, life: timedelta, award_id: str | None) -> None:
        expires_at = self.now + life
        self.both(
            (member,),
            lambda book: book.credit(points, expires_at=expires_at, occurred_at=self.now, award_id=award_id),
            lambda model: model.credit(points, expires_at, award_id),
        )

    @rule(member=members, points=amounts, life=lives, award_id=awards, wait=st.none() | waits)
    def credit_pending(
        self, member: int, points: int, life: timedelta, award_id: str | None, wait: timedelta | None
    ) -> None:
        expires_at, matures_at = self.now + life, self.now + wait if wait else None
        self.both(
            (member,),
            lambda book: book.credit(
                points, expires_at=expires_at, occurred_at=self.now, award_id=award_id,
                available_at=matures_at, until_confirmed=wait is None,
            ),
            lambda model: model.credit(points, expires_at, award_id, matures_at, wait is None),
        )  # fmt: skip

    @rule(member=members, award_id=st.sampled_from(("awd_a", "awd_b", "awd_c")))
    def confirm(self, member: int, award_id: str) -> None:
        self.both((member,), lambda book: book.confirm(award_id), lambda model: model.confirm(award_id))

    @rule(member=members, points=st.integers(1, 120), award_id=awards)
    def clawback(self, member: int, points: int, award_id: str | None) -> None:
        (taken, expected), _ = self.both(
            (member,),
            lambda book: book.clawback(points, occurred_at=self.now, award_id=award_id),
            lambda model: model.clawback(points, award_id),
        )
        assert (taken.pending, taken.expired, taken.available, taken.debt) == expected

    @rule(member=members, points=st.integers(1, 40), life=hold_lives)
    def hold(self, member: int, points: int, life: timedelta | None) -> None:
        hold_id = f"hold_{len(self.holds):03}"
        expires_at = self.now + life if life else None
        _, refusal = self.both(
            (member,),
            lambda book: book.hold(points, hold_id=hold_id, ref=hold_id, expires_at=expires_at),
            lambda model: model.hold(hold_id, points, expires_at),
        )
        if refusal is None:
            self.holds.append((member, hold_id))

    @precondition(lambda self: self.holds)
    @rule(which=any_hold, points=parts)
    def capture(self, which: int, points: int | None) -> None:
        self.settle(which, "capture", points)

    @precondition(lambda self: self.holds)
    @rule(which=any_hold, points=parts)
    def release(self, which: int, points: int | None) -> None:
        self.settle(which, "release", points)

    @precondition(lambda self: self.holds)
    @rule(which=any_hold, points=parts)
    def refund(self, which: int, points: int | None) -> None:
        self.settle(which, "refund", points)

    def settle(self, which: int, verb: str, points: int | None) -> None:
        member, hold_id = self.holds[-1 - which % len(self.holds)]
        self.both(
            (member,),
            lambda book: getattr(book, verb)(hold_id, points),
            lambda model: getattr(model, verb)(hold_id, points),
        )

    @precondition(lambda self: self.holds)
    @rule(which=any_hold, member=members, verb=st.sampled_from(("hold", "capture", "release", "refund")))
    def use_a_hold_id_wrongly(self, which: int, member: int, verb: str) -> None:
        owner, hold_id = self.holds[which % len(self.holds)]
        if owner == member:
            on_book: Callable[..., Any] = lambda book: book.hold(1, hold_id=hold_id)  # noqa: E731
            self.both((member,), on_book, lambda model: model.hold(hold_id, 1, None))
        elif verb != "hold":
            on_book = lambda book: getattr(book, verb)(hold_id)  # noqa: E731
            self.both((member,), on_book, lambda model: getattr(model, verb)(hold_id, None))

    @precondition(lambda self: any(model.debt for model in self.models))
    @rule(part=st.integers(0, 3))
    def write_off(self, part: int) -> None:
        member = next(index for index, model in enumerate(self.models) if model.debt)
        owed = self.models[member].debt
        points = max(1, owed // part) if part else owed + 1
        self.both((member,), lambda book: book.write_off(points), lambda model: model.write_off(points))

    @rule(source=members, step=st.integers(1, MEMBERS - 1))
    def merge(self, source: int, step: int) -> None:
        outcome, _ = self.both(
            (source, (source + step) % MEMBERS),
            lambda source, target: merge_books(source, target, "mrg_1"),
            lambda source, target: source.merge_into(target),
        )
        assert outcome[0] == outcome[1]

    # -- time and the jobs

    @rule(hours=st.sampled_from((5, 24, 72, 300, 1, 800)))
    def time_passes(self, hours: int) -> None:
        self.now += hours * HOUR
        for index, model in enumerate(self.models):
            model.live_until(self.now)
            self.compare_reading(index)

    @rule(job=st.sampled_from(("sweep", "seal")))
    def job(self, job: str) -> None:
        self.sweep() if job == "sweep" else self.seal()

    def sweep(self) -> None:
        while sweep_due(self.tx, self.now)[0] == WALLETS_PER_SWEEP:
            pass
        due = cursor(self.tx).execute("SELECT member_id FROM ledger.wallets WHERE next_due_at <= %s", (self.now,))
        assert due.fetchall() == []
        for index in range(MEMBERS):
            self.compare_rows(index)
            self.compare_reading(index, unposted=False)

    def seal(self) -> None:
        seal_heads(self.tx, KEY, self.seals, self.now)
        newest: dict[str, SealedHead] = {}
        for _, _, _, heads in read_file(self.seals, KEY.public_key()):
            newest.update((head.member_id, head) for head in heads)
        for member_id, rows in zip(self.ids, self.rows, strict=True):
            assert rows.wallet.version == (newest[member_id].version if member_id in newest else 0)
            check_book(rows, newest.get(member_id))


@pytest.mark.long
def test_random_lives_of_books_agree_with_the_design(
    app: Flask, tmp_path: Path, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("points.ledger.seals.os.fsync", lambda descriptor: None)
    LedgerMachine.folder = tmp_path
    with Session(engine(Login.EARNING), expire_on_commit=False) as LedgerMachine.tx:
        LedgerMachine.tx.execute(text("SET synchronous_commit = off"))
        run_state_machine_as_test(
            LedgerMachine,
            settings=settings(
                max_examples=pytestconfig.getoption("--ledger-runs"),
                stateful_step_count=STEPS,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    seals = tmp_path / "seals.txt"
    seals.write_text("".join(path.read_text() for path in sorted(tmp_path.glob("*.jsonl"))))
    with Session(engine(Login.OWNER)) as tx:
        verdict = verify_ledger(tx, seals, KEY.public_key())
    assert verdict.bad is None
    assert verdict.wallets > 0
