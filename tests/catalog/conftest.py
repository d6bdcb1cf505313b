"""Helpers of the catalog's tests: people with points, gifts on shelves, and what the database then holds."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import sleep
from typing import Any, TypeVar

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from catalog.account.leave import leave
from mall.db import Login
from mall.identity.members import Registration, enter_member
from mall.identity.sessions import API, open_session
from mall.identity.staff import NewStaff, create_staff
from points.ledger.books import open_books

T = TypeVar("T")
API_URL = "/api/v1"
LASTS = timedelta(days=400)
TABLES = (
    "orders", "order_history", "order_addresses", "address_keys", "pickup_codes", "stock_items", "stock_movements",
    "voucher_codes", "outbox_messages", "ledger.wallets", "ledger.postings", "ledger.lots", "ledger.holds",
)  # fmt: skip
_numbers = itertools.count(1)


@dataclass
class Person:
    """Somebody signed in; ``auth`` are the headers that say so."""

    id: str
    auth: dict[str, str] = field(repr=False)


class Shop:
    """The mall over HTTP, with short ways to fill it and to look at it."""

    def __init__(self, app: Flask, run: Callable[[Login, Callable[[Session], Any]], Any]) -> None:
        self.app, self.run = app, run
        self.owner = self.staff("owner")

    def member(self, points: int = 0) -> Person:
        """A signed-in member with points."""
        name = f"member_{next(_numbers)}"

        def work(tx: Session) -> Person:
            now = datetime.now(UTC)
            member = enter_member(tx, Registration(name, name, "no password", name), now)
            token = open_session(tx, now, kind=API, member_id=member.id).token
            return Person(member.id, {"Authorization": f"Bearer {token}", "Accept-Language": "en"})

        person = self.run(Login.REDEMPTION, work)
        if points:
            self.credit(person, points)
        return person

    def credit(self, person: Person, points: int, lasts: timedelta = LASTS) -> None:
        """Give points that last."""
        now = datetime.now(UTC)

        def work(tx: Session) -> None:
            with open_books(tx, [person.id], now) as books:
                books[person.id].credit(points, expires_at=now + lasts, occurred_at=now)

        self.run(Login.EARNING, work)

    def claw_back(self, person: Person, points: int) -> None:
        """Take points back."""
        now = datetime.now(UTC)

        def work(tx: Session) -> None:
            with open_books(tx, [person.id], now) as books:
                books[person.id].clawback(points, occurred_at=now)

        self.run(Login.EARNING, work)

    def staff(self, role: str) -> Person:
        """A signed-in member of staff."""
        name = f"staff_{next(_numbers)}"

        def work(tx: Session) -> Person:
            now = datetime.now(UTC)
            found = create_staff(tx, NewStaff(name, name, "no password", role), now, "test")
            token = open_session(tx, now, kind=API, staff_id=found.id).token
            return Person(found.id, {"Authorization": f"Bearer {token}", "Accept-Language": "en"})

        return self.run(Login.BACKOFFICE, work)

    def get(self, path: str, who: Person | None = None, **headers: str) -> TestResponse:
        """GET under /api/v1."""
        auth = who.auth if who else {"Accept-Language": "en"}
        return self.app.test_client().get(API_URL + path, headers={**auth, **headers})

    def post(
        self, path: str, who: Person | None, body: Any = None, key: str | None = None, method: str = "POST", **more: Any
    ) -> TestResponse:
        """POST under /api/v1, each time with a key of its own unless one is given."""
        headers = {**(who.auth if who else {}), "Idempotency-Key": key or f"key-{next(_numbers)}"}
        if body is not None:
            more["json"] = body
        return self.app.test_client().open(API_URL + path, method=method, headers=headers, **more)

    def gift(self, points: int = 100, stock: int = 10, kind: str = "pickup", **more: Any) -> str:
        """A new gift; returns its id."""
        body = {"name": {"zh": "礼物", "en": "Gift"}, "kind": kind, "points": points, **more}
        if kind != "voucher":
            body["stock"] = stock
        answer = self.post("/admin/gifts", self.owner, body)
        assert answer.status_code == 201, answer.json
        return str(answer.json["id"])

    def vouchers(self, gift: str, *codes: str) -> TestResponse:
        """Import codes, those that are none or there already left out."""
        data, path = "\n".join(codes).encode(), f"/admin/gifts/{gift}/vouchers?only_good=true"
        return self.post(path, self.owner, data=data, content_type="text/csv")

    def order(self, who: Person, gift: str, quantity: int = 1, key: str | None = None, **more: Any) -> TestResponse:
        """Place an order."""
        return self.post("/orders", who, {"gift": gift, "quantity": quantity, **more}, key)

    def advance(self, order: str, to: str, who: Person | None = None, **more: Any) -> TestResponse:
        """Move an order as staff."""
        return self.post(f"/admin/orders/{order}/advance", who or self.owner, {"to": to, **more})

    def sql(self, query: str, **values: Any) -> Any:
        """One value from the database."""
        return self.run(Login.OWNER, lambda tx: tx.execute(text(query), values).scalar())

    def write(self, statement: str, **values: Any) -> None:
        """Change the database behind everybody's back."""
        self.run(Login.OWNER, lambda tx: tx.execute(text(statement), values))

    def stock(self, item: str) -> int:
        """Pieces on hand."""
        return int(self.sql("SELECT on_hand FROM stock_items WHERE item_id = :item", item=item))

    def wallet(self, who: Person) -> dict[str, int]:
        """Figures of a member as stored."""
        query = text("SELECT available, held, redeemed, debt FROM ledger.wallets WHERE member_id = :id")
        row = self.run(Login.OWNER, lambda tx: tx.execute(query, {"id": who.id}).mappings().one())
        return dict(row)

    def snapshot(self) -> list[Any]:
        """Everything that an order may change, to show that a refusal changed nothing."""

        def read(tx: Session) -> list[Any]:
            return [tx.execute(text(f"SELECT t::text FROM {name} AS t ORDER BY 1")).scalars().all() for name in TABLES]

        return self.run(Login.OWNER, read)

    def while_leaving(self, who: Person, call: Callable[[], T]) -> T:
        """The result of a call that was let in while its member's leaving was not committed yet."""
        waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")

        def work(tx: Session) -> Future[T]:
            leave(tx, who.id, datetime.now(UTC), "test")
            answer = pool.submit(call)
            for _ in range(10_000):
                if answer.done() or tx.execute(waiting).scalar_one():
                    return answer
                sleep(0.001)
            raise AssertionError("neither answered nor waiting")

        with ThreadPoolExecutor(1) as pool:
            return self.run(Login.REDEMPTION, work).result(30)

    def at_once(self, calls: Sequence[Callable[[], T]]) -> list[T]:
        """The results of calls made at one moment, each in a thread of its own."""
        barrier, results = threading.Barrier(len(calls)), {}

        def work(place: int, call: Callable[[], T]) -> None:
            barrier.wait()
            results[place] = call()

        threads = [threading.Thread(target=work, args=(place, call)) for place, call in enumerate(calls)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return [results[place] for place in range(len(calls))]


@pytest.fixture
def shop(app: Flask, run: Callable[..., Any]) -> Iterator[Shop]:
    """A mall with an owner."""
    yield Shop(app, run)
